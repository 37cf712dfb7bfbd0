"""A tool that draws nothing but an empty figure, or fails."""

from matplotlib.figure import Figure

from mmlongtail.apis import figure_tool


def make_parser(draw):
    parser = figure_tool.make_parser('Draw.\n\n    as it is written')
    figure_tool.add_figure(parser.add_subparsers(required=True).add_parser('empty'), draw)
    return parser


def test_a_figure_is_saved_in_a_new_folder(tmp_path, capsys):
    out = tmp_path / 'new' / 'figure.png'
    parser = make_parser(lambda args: Figure(figsize=(1, 2)))
    assert figure_tool.run(parser, ['empty', '--out', str(out)]) == 0
    assert out.read_bytes()[:4] == b'\x89PNG' and capsys.readouterr().out == f'{out} written\n'
    assert '\n    as it is written' in parser.format_help()


def test_a_fault_of_the_input_is_one_line(tmp_path, capsys):
    def fail(args):
        raise ValueError(f'{args.out.stem} cannot be drawn')

    out = tmp_path / 'figure.svg'
    assert figure_tool.run(make_parser(fail), ['empty', '-o', str(out)]) == 2
    assert capsys.readouterr().err == 'error: figure cannot be drawn\n' and not out.exists()
