"""The policy that AutoAugment found on CIFAR-10, which the host does not have."""

from __future__ import annotations

_TABLE = """
Invert .1 7        Contrast .2 6
Rotate .7 2        TranslateX .3 9
Sharpness .8 1     Sharpness .9 3
ShearY .5 8        TranslateY .7 9
AutoContrast .5 8  Equalize .9 2
ShearY .2 7        Posterize .3 7
Color .4 3         Brightness .6 7
Sharpness .3 9     Brightness .7 9
Equalize .6 5      Equalize .5 1
Contrast .6 7      Sharpness .6 5
Color .7 7         TranslateX .5 8
Equalize .3 7      AutoContrast .4 8
TranslateY .4 3    Sharpness .2 6
Brightness .9 6    Color .2 8
Solarize .5 2      Invert .0 3
Equalize .2 0      AutoContrast .6 0
Equalize .2 8      Equalize .6 4
Color .9 9         Equalize .6 6
AutoContrast .8 4  Solarize .2 8
Brightness .1 3    Color .7 0
Solarize .4 5      AutoContrast .9 3
TranslateY .9 9    TranslateY .7 9
AutoContrast .9 2  Solarize .8 3
Equalize .8 8      Invert .1 3
TranslateY .7 9    AutoContrast .9 1
"""  # two operations a line: name, probability, level 0 to 9


def _operation(name: str, prob: float, level: int) -> dict:
    """The host's config of an operation at a level of the paper's ranges."""
    share = level / 9
    if name[-1] in 'XY':
        direction = 'horizontal' if name.endswith('X') else 'vertical'
        largest = 0.3 if name.startswith('Shear') else 150 / 331
        return dict(type=name[:-1], magnitude=share * largest, prob=prob, direction=direction)
    values = dict(
        Rotate=dict(angle=30 * share, pad_val=(128, 128, 128)),  # of one number the host fills one channel
        Solarize=dict(thr=256 - 256 * share),
        Posterize=dict(bits=8 - round(4 * share)),
        **{key: dict(magnitude=0.9 * share) for key in ('Color', 'Contrast', 'Brightness', 'Sharpness')},
    )
    return dict(type='ColorTransform' if name == 'Color' else name, prob=prob, **values.get(name, {}))


def cifar10_policy() -> list[list[dict]]:
    """Its 25 pairs of operations as configs of the host's transforms.

    Source: Cubuk et al., "AutoAugment: Learning Augmentation Policies from Data", CVPR 2019, table 7; ranges: table 6.
    As in the code that the long-tail papers use, an enhancement or a movement of the image goes either way.
    """
    rows = [line.split() for line in _TABLE.strip().splitlines()]
    return [[_operation(row[i], float(row[i + 1]), int(row[i + 2])) for i in (0, 3)] for row in rows]
