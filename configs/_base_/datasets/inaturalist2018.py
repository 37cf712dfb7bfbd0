# iNaturalist 2018: 437,513 images to train on (1,000 to 2 a class), its validation part of 24,426 to test.
# Mean and standard deviation are those of its images (Kang et al., ICLR 2020), times 255.
_base_ = './single_label_224.py'

num_classes = 8142
data_preprocessor = dict(num_classes=num_classes, mean=[118.83, 120.105, 96.9], std=[49.725, 49.47, 48.96])

train_dataloader = dict(dataset=dict(type='INaturalist2018', data_root='data/inaturalist2018', split='train'))
val_dataloader = dict(dataset=dict(type='INaturalist2018', data_root='data/inaturalist2018', split='val'))
test_dataloader = val_dataloader
