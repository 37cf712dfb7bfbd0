"""Labels alone: samplers need no pictures."""

import json

import pytest


class Labels:
    """A data set that knows the classes of each image and nothing else."""

    def __init__(self, labels, num_classes):
        self.labels = labels
        self.metainfo = dict(classes=[f'class {k}' for k in range(num_classes)])

    def __len__(self):
        return len(self.labels)

    def get_cat_ids(self, index):
        return self.labels[index]


@pytest.fixture(scope='session')
def labels():
    """Makes a data set from the classes of each image."""
    return Labels


@pytest.fixture(scope='session')
def published(shared_data):
    """Makes a data set from the published labels of VOC-LT or COCO-LT."""

    def read(name):
        content = json.loads((shared_data / f'{name}.json').read_text())
        return Labels(list(content['images'].values()), len(content['class_counts']))

    return read
