"""Scores of a checkpoint with class weights w / |w|^tau, for several tau (Kang et al., ICLR 2020, eq. 5).

    python tools/analysis/tau_normalization.py CONFIG CHECKPOINT --taus 0 0.25 0.5 0.75 1 --part val
    python tools/analysis/tau_normalization.py CONFIG CHECKPOINT --taus 0.5 --out tau.pth

The network sees each image once, whatever the number of tau. Choose tau on other images than those of the test. With a
single tau, ``--out`` writes the checkpoint with its weights normalized.
"""

import argparse
from collections.abc import Sequence

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
import torch
from mmengine.runner import CheckpointLoader, Runner, autocast, save_checkpoint
from mmengine.utils import apply_to

from mmlongtail.apis import command_line
from mmlongtail.engine.hooks.tau_normalization_hook import tau_normalized
from mmlongtail.engine.run_parts import bare_model

TAUS = [i / 10 for i in range(11)]


def make_parser() -> argparse.ArgumentParser:
    """The common options and those of the sweep."""
    parser = command_line.common_parser('Scores of a checkpoint with normalized class weights')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--taus', type=float, nargs='+', default=TAUS, help='exponents (0, 0.1, ..., 1)')
    parser.add_argument('--part', choices=['val', 'test'], default='val', help='which set of the config')
    parser.add_argument('--drop-bias', action='store_true', help='leave the bias out, as the paper does')
    parser.add_argument('--out', help='checkpoint to write, with the weights of the only tau')
    return parser


def move(feats, device: torch.device):
    """Features, whatever holds them, on a device."""
    return apply_to(feats, torch.is_tensor, lambda tensor: tensor.to(device))


@torch.no_grad()
def collect(model: torch.nn.Module, loader, amp: bool) -> list[tuple]:
    """What the head gets of each batch, and the batch's samples, on the CPU."""
    batches = []
    for batch in loader:
        batch = model.data_preprocessor(batch, False)
        with autocast(enabled=amp):
            feats = model.extract_feat(batch['inputs'])
        feats = apply_to(feats[-1:], torch.is_tensor, torch.Tensor.float)
        batches.append((move(feats, torch.device('cpu')), batch['data_samples']))
    return batches


@torch.no_grad()
def score(model: torch.nn.Module, batches: list[tuple], loop, tau: float, drop_bias: bool) -> dict:
    """The metrics of the normalized classifier."""
    device = next(model.parameters()).device
    with tau_normalized(model.head, tau, drop_bias):
        for feats, samples in batches:
            predictions = model.head.predict(move(feats, device), samples)
            loop.evaluator.process(data_samples=predictions)
    return loop.evaluator.evaluate(len(loop.dataloader.dataset))


def sweep(runner: Runner, args: argparse.Namespace) -> list[dict]:
    """A row of metrics for each tau."""
    runner.call_hook('before_run')
    runner.load_or_resume()
    loop = getattr(runner, f'{args.part}_loop')
    runner.call_hook(f'before_{args.part}')
    runner.model.eval()
    model = bare_model(runner.model)
    batches = collect(model, loop.dataloader, args.amp)
    return [dict(tau=tau, **score(model, batches, loop, tau, args.drop_bias)) for tau in args.taus]


def write(runner: Runner, args: argparse.Namespace) -> None:
    """The checkpoint with what normalizing changes in it; what else it has stays."""
    head = bare_model(runner.model).head
    with tau_normalized(head, args.taus[0], args.drop_bias):
        weights = {f'head.{name}': value.detach().cpu().clone() for name, value in head.state_dict().items()}
    checkpoint = CheckpointLoader.load_checkpoint(args.checkpoint, map_location='cpu')
    others = {k: v for k, v in checkpoint['state_dict'].items() if not k.startswith('head.')}
    checkpoint['state_dict'] = others | weights
    for key in ('optimizer', 'param_schedulers', 'ema_state_dict'):  # of the weights before
        checkpoint.pop(key, None)
    save_checkpoint(checkpoint, args.out)


def table(rows: list[dict]) -> str:
    """The rows in Markdown."""
    lines = [['tau', *list(rows[0])[1:]], ['---:'] * len(rows[0])]
    lines += [[f'{row["tau"]:g}', *(f'{value:.2f}' for value in list(row.values())[1:])] for row in rows]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table; ``argv`` defaults to the command line's arguments."""
    parser = make_parser()
    args, cfg = command_line.parse(parser, argv)
    if min(args.taus) < 0:
        parser.error(f'--taus must be numbers >= 0, got {args.taus}')
    if args.out and len(args.taus) > 1:
        parser.error(f'--out needs a single tau, got {args.taus}')
    if not cfg.get(f'{args.part}_dataloader'):
        parser.error(f'{args.config} has no {args.part}_dataloader, which --part {args.part} needs')
    cfg.load_from, cfg.resume = args.checkpoint, False
    command_line.use_test_folder(cfg)
    if args.out:
        with command_line.errors_told():
            command_line.check_writable(args.out)

    def action(runner: Runner) -> None:
        rows = sweep(runner, args)
        if runner.rank == 0:
            print(table(rows))
            if args.out:
                write(runner, args)

    command_line.run(cfg, action)


if __name__ == '__main__':
    main()
