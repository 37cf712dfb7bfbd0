"""Both policies against the host's transforms: what comes out, how often, and with which strengths."""

from collections import Counter

import cv2
import numpy as np
import pytest
import torch
from mmpretrain.registry import BATCH_AUGMENTS, TRANSFORMS
from scipy.stats import ks_2samp
from torchvision.transforms import AutoAugment as TorchvisionAutoAugment
from torchvision.transforms import AutoAugmentPolicy

from mmlongtail.models.batch_augments import BatchAutoAugment, BatchRandAugment
from mmlongtail.models.batch_augments.cifar10_policy import cifar10_policy

EXACT = [  # operations that give the same picture to the last level, so that outcomes can be counted
    dict(type='AutoContrast'),
    dict(type='Equalize', prob=0.8),
    dict(type='Invert', prob=0.1),
    dict(type='Rotate', magnitude_range=(0, 30)),
    dict(type='Posterize', magnitude_range=(4, 0)),
    dict(type='Translate', magnitude_range=(0, 0.45), direction='vertical', random_negative_prob=0.2),
]


def frequencies(images: torch.Tensor) -> dict[bytes, float]:
    return {
        outcome: count / len(images)
        for outcome, count in Counter(x.tobytes() for x in images.numpy()).items()
    }


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Half the sum of the differences of the outcomes' frequencies."""
    first, second = frequencies(one), frequencies(other)
    return sum(abs(first.get(key, 0) - second.get(key, 0)) for key in {*first, *second}) / 2


@pytest.mark.parametrize(
    'config',
    [
        dict(type='RandAugment', policies=EXACT, num_policies=1, magnitude_level=7),
        dict(type='RandAugment', policies=EXACT[:4], num_policies=2, magnitude_level=7),
        dict(
            type='AutoAugment',
            policies=[
                [dict(type='Posterize', bits=4, prob=0.4), dict(type='Rotate', angle=20.0, prob=0.6)],
                [dict(type='Equalize', prob=0.8)],
                [dict(type='Invert', prob=0.3), dict(type='Invert', prob=0.3), dict(type='Solarize', thr=99)],
            ],
        ),
    ],
)
def test_outcomes_are_as_frequent_as_the_hosts(pictures, per_picture, config):
    images = pictures[25:26, :, :12, 8:20].repeat(1500, 1, 1, 1)
    np.random.seed(0)
    torch.manual_seed(0)
    host = per_picture(TRANSFORMS.build(config), images)
    ours = BATCH_AUGMENTS.build({**config, 'type': f'Batch{config["type"]}'})(images)
    again = per_picture(TRANSFORMS.build(config), images)
    assert len(frequencies(host)) >= 6
    assert distance(host, ours) < distance(host, again) + 0.04  # as near as the host is to itself


@pytest.mark.parametrize('std', [0, 0.5, 3, 'inf'])
def test_strengths_are_distributed_as_the_hosts(std):
    policies = [dict(type='Rotate', magnitude_range=(5, 30), random_negative_prob=0.3)]
    config = dict(policies=policies, num_policies=1, magnitude_level=9, magnitude_std=std)
    host = TRANSFORMS.build(dict(config, type='RandAugment')).transforms[0]
    np.random.seed(0)
    torch.manual_seed(0)
    theirs = [host.random_negative(host.random_magnitude()) for _ in range(4000)]
    numbers, values = BatchRandAugment(**config).draw(4000)
    ours = values[0].numpy()
    assert (numbers == 0).float().mean() == pytest.approx(0.5, abs=0.03)
    assert ks_2samp(np.round(theirs, 9), np.round(ours, 9)).pvalue > 0.001
    np.testing.assert_allclose([ours.min(), ours.max()], [min(theirs), max(theirs)], atol=0.1)


@pytest.mark.parametrize(
    'augment',
    [
        BatchRandAugment(policies='timm_increasing', num_policies=2, magnitude_level=9, magnitude_std=0.5),
        BatchAutoAugment('cifar10'),
        BatchAutoAugment('imagenet'),
    ],
    ids=['rand', 'cifar10', 'imagenet'],
)
def test_presets_on_real_pictures_as_the_host_does_them(shared_data, per_picture, augment):
    """The very same draws, executed by the host's transforms one after the other, on CIFAR pictures."""
    mosaic = cv2.imread(str(shared_data / 'cifar' / 'cifar100_test.webp'))[:320, :960]
    tiles = mosaic.reshape(10, 32, 30, 32, 3).transpose(0, 2, 4, 1, 3).reshape(300, 3, 32, 32)
    images = torch.from_numpy(np.ascontiguousarray(tiles))
    torch.manual_seed(0)
    draws = augment.draw(len(images))
    torch.manual_seed(0)
    result = augment(images)
    assert all((numbers == len(augment.operations)).any() for numbers in draws[0])
    names = dict(Rotate='angle', Solarize='thr', Posterize='bits')
    for image, ours, numbers, values in zip(images, result, draws[0].T.tolist(), draws[1].T.tolist()):
        expected = image[None]
        for number, value in zip(numbers, values):
            if number == len(augment.operations):
                continue
            name, *options = augment.operations[number].key
            config = dict(dict(options), type=name, prob=1.0)
            if name not in ('AutoContrast', 'Equalize', 'Invert'):
                config[names.get(name, 'magnitude')] = value
            if name in (
                'Rotate',
                'Shear',
                'Translate',
                'ColorTransform',
                'Contrast',
                'Brightness',
                'Sharpness',
            ):
                config['random_negative_prob'] = 0.0
            expected = per_picture(TRANSFORMS.build(config), expected)
        difference = (expected[0].int() - ours.int()).abs()
        # A level of difference after the first operation may become many, in some pixels, in the second.
        single = sum(number < len(augment.operations) for number in numbers) == 1
        assert difference.max() <= 1 if single else (difference > 3).float().mean() < 0.05


def test_cifar10_policy_is_torchvisions():
    """Operations, probabilities and levels of an independent copy of the paper's table."""
    theirs = TorchvisionAutoAugment()._get_policies(AutoAugmentPolicy.CIFAR10)
    ranges = TorchvisionAutoAugment()._augmentation_space(10, (331, 331))
    ours = cifar10_policy()
    assert len(ours) == len(theirs) == 25
    for pair, other in zip(ours, theirs):
        for config, (name, prob, level) in zip(pair, other, strict=True):
            assert config['prob'] == prob
            kind = config['type'].replace('ColorTransform', 'Color')
            axis = dict(horizontal='X', vertical='Y').get(config.get('direction'), '')
            assert kind + axis == name
            value = next((config[k] for k in ('magnitude', 'angle', 'thr', 'bits') if k in config), None)
            if value is not None:
                scale = 331 if kind == 'Translate' else 1  # a share of the width, theirs pixels
                slack = 1 if kind == 'Solarize' else 1e-4  # they start at 255, the paper at 256
                assert value * scale == pytest.approx(ranges[name][0][level].item(), abs=slack)


def test_company_in_a_batch_does_not_matter(pictures):
    """Whatever the others get, an image gets its own operation and value, and keeps its place."""
    augment = BatchRandAugment(policies='timm_increasing', num_policies=1, magnitude_level=9, magnitude_std=2)
    torch.manual_seed(0)
    numbers, values = [x[0] for x in augment.draw(len(pictures))]
    together = augment.run(pictures, numbers, values)
    alone = [
        augment.run(pictures[i : i + 1], numbers[i : i + 1], values[i : i + 1]) for i in range(len(pictures))
    ]
    assert numbers.unique().numel() > 8
    torch.testing.assert_close(together, torch.cat(alone))


def test_torchs_generator_decides_and_the_input_stays_in_policies(pictures):
    augment = BatchAutoAugment('cifar10')
    before, results = pictures.clone(), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        results.append(augment(pictures))
    assert torch.equal(pictures, before) and results[0].dtype == torch.uint8
    assert torch.equal(results[0], results[1]) and not torch.equal(results[0], results[2])


def test_copies_of_a_picture_are_augmented_differently(pictures):
    torch.manual_seed(0)
    result = BatchAutoAugment('cifar10')(pictures[:1].repeat(64, 1, 1, 1))
    assert len(frequencies(result)) > 20


@pytest.mark.parametrize('shape', [(4, 4), (2, 1, 4, 4)])
def test_other_batches_are_refused(shape):
    augment = BatchAutoAugment('imagenet')
    with pytest.raises(ValueError, match='of uint8 are expected'):
        augment(torch.zeros(shape, dtype=torch.uint8))
    with pytest.raises(ValueError, match='torch.float32'):
        augment(torch.zeros(2, 3, 8, 8))
