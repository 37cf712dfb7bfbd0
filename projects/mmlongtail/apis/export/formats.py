"""Files of an exported graph: ONNX and torch.export; each is read again and compared before it is kept."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from torch import Tensor

from mmlongtail.files import written_whole

from .facts import Facts
from .graph import ProbabilityModel, check_equal

INPUT, OUTPUT = 'images', 'probabilities'
ONNX_EXTRA = 'pip install "mmlongtail[onnx]", or onnx, onnxscript and onnxruntime'
TRACED, TRIED = 2, 3  # images


def example(facts: Facts, number: int) -> Tensor:
    """Normalized images of noise, (B, C, H, W)."""
    generator = torch.Generator().manual_seed(number)
    return torch.randn(number, facts.channels, *facts.size, generator=generator)


def exported_program(graph: ProbabilityModel, facts: Facts):
    """The graph as torch.export has it, of any number of images."""
    shapes = (dict([(0, torch.export.Dim('batch', min=1))]),)
    with torch.no_grad():
        return torch.export.export(graph, (example(facts, TRACED),), dynamic_shapes=shapes)


def write_torch(graph: ProbabilityModel, facts: Facts, path: Path) -> float:
    """Write a .pt2 file.

    Returns:
        The largest difference of its scores from the model's.

    Raises:
        ValueError: If what was written gives other scores.
    """
    program = exported_program(graph, facts)
    images, content = example(facts, TRIED), io.BytesIO()
    torch.export.save(program, content, extra_files=facts.as_text())
    content.seek(0)
    again = torch.export.load(content).module()
    with torch.no_grad():
        difference = check_equal(str(path), again(images), graph(images))
    with written_whole(path) as file:
        file.write(content.getvalue())
    return difference


def write_onnx(graph: ProbabilityModel, facts: Facts, path: Path) -> float:
    """Write an .onnx file; see :func:`write_torch`.

    Raises:
        ValueError: If onnx, onnxscript or onnxruntime is missing, or the file gives other scores.
    """
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401  torch's exporter wants it
    except ModuleNotFoundError as error:
        raise ValueError(f'{error.name} is missing: {ONNX_EXTRA}') from error
    program = exported_program(graph, facts)
    made = torch.onnx.export(
        program, dynamo=True, input_names=[INPUT], output_names=[OUTPUT], verbose=False, optimize=True
    )
    model = made.model_proto  # type: ignore[union-attr]  # None is of exports to a file
    onnx.helper.set_model_props(model, facts.as_text())
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])
    images = example(facts, TRIED)
    [scores] = session.run([OUTPUT], {INPUT: images.numpy()})
    with torch.no_grad():
        difference = check_equal(str(path), torch.from_numpy(scores), graph(images))
    with written_whole(path) as file:
        file.write(content)
    return difference
