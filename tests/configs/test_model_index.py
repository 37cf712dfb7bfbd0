"""MMPretrain's ModelHub finds our models by the model index."""

from pathlib import Path

import yaml
from mmpretrain.apis import ModelHub

ROOT = Path(__file__).resolve().parents[2]


def test_every_model_is_found_and_every_metafile_is_listed(monkeypatch):
    monkeypatch.setattr(ModelHub, '_models_dict', {})
    monkeypatch.setattr(ModelHub, '_registered', False, raising=False)
    ModelHub.register_model_index(ROOT / 'model-index.yml', config_prefix=ROOT)
    metafiles = sorted((ROOT / 'configs').rglob('metafile.yml'))
    imports = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
    assert sorted(ROOT / path for path in imports) == metafiles
    contents = [yaml.safe_load(path.read_text()) for path in metafiles]
    names = [model['Name'] for content in contents for model in content['Models']]
    assert len(set(names)) == len(names)
    for name in names:
        assert ModelHub.get(name).config.model.type
    for content in contents:
        assert all((ROOT / collection['README']).is_file() for collection in content['Collections'])
