"""Which views of a picture are averaged, and by what."""

from mmengine.config import Config

from mmlongtail.apis.views import has_views, tta_model, tta_pipeline

PIPELINE = [dict(type='Resize', scale=4), dict(type='PackInputs')]


def test_without_a_pipeline_of_its_own_a_config_gets_the_flip():
    views = tta_pipeline(Config(), PIPELINE)
    assert views[0] == PIPELINE[0] and has_views(views) and not has_views(PIPELINE)
    flips, pack = views[1]['transforms']
    assert [flip['prob'] for flip in flips] == [1.0, 0.0] and pack == [PIPELINE[1]]
    own = [dict(type='TestTimeAug', transforms=[])]
    assert tta_pipeline(Config(dict(tta_pipeline=own)), PIPELINE) == own


def test_the_config_says_what_averages():
    assert tta_model(Config()) == dict(type='AverageExpertScoreTTA')
    hooks = dict(custom_hooks=[dict(type='EMAHook'), dict(type='PrepareTTAHook', tta_cfg=dict(type='A'))])
    assert tta_model(Config(hooks)) == dict(type='A')
    assert tta_model(Config(dict(hooks, tta_model=dict(type='B')))) == dict(type='B')
