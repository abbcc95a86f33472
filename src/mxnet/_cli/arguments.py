"""What may stand on the command line of ``remx``: subcommands, options and their help."""

from __future__ import annotations

import argparse
from typing import NoReturn

_MODEL = """\
MODEL is one of
  PREFIX                        a checkpoint: PREFIX-symbol.json and the newest
                                PREFIX-0007.params (--epoch chooses another)
  SYMBOL.json PARAMS            a pair of files
  ZOO_NAME [PARAMS]             a network of Gluon's model zoo, such as
                                resnet50_v1, with its .params file (without
                                one: untrained)
  MODEL.onnx                    an ONNX file (needs remx[onnx])
  MODEL.safetensors             what remx convert --to safetensors wrote
"""

_INPUT = "shape of an input: data:1,3,224,224; several may follow, or the option be repeated. Without it, shapes are "


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help in 80 columns, whatever the terminal's width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=79)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; help is another command."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} ({self.prog} --help explains all)\n")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = _Parser(
        prog="remx",
        formatter_class=_Help,
        description="Look at, run, measure and convert networks that were saved by MXNet\n(2016 to 2022), and by remx.",
        epilog="`remx COMMAND --help` explains one command and has examples.\n\n"
        "Exit codes: 0 all is well; 1 something differs, or a check failed;\n"
        "2 wrong input, with one message on stderr.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    parser.add_argument("--debug", action="store_true", help="show a traceback with errors")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for add in (_inspect, _convert, _run, _bench, _doctor, _diff):
        add(commands)
    return parser


def _command(commands: argparse._SubParsersAction, name: str, about: str, text: str) -> argparse.ArgumentParser:
    description, _, examples = text.partition("\n\n")
    parser = commands.add_parser(
        name, help=about, description=description, epilog=examples or None, formatter_class=_Help, allow_abbrev=False
    )
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show a traceback with errors")
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="+", metavar="MODEL", help="the network; see below")
    parser.add_argument("--epoch", type=int, metavar="N", help="which .params of a prefix (default: the newest)")
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE.py",
        help="run this Python file first: it registers custom operators",
    )
    parser.epilog = f"{_MODEL}\n{parser.epilog or ''}"


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, for programs to read")


def _add_shapes(parser: argparse.ArgumentParser, how: str) -> None:
    parser.add_argument("--input", action="extend", nargs="+", default=[], metavar="NAME:SHAPE", help=_INPUT + how)


def _inspect(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "inspect",
        "layers, shapes, sizes, and what is unusual",
        "Show what is in a model: its layers with the shapes of their outputs, numbers\n"
        "of parameters and multiply-adds, its operators, and what is unusual.\n\n"
        "Examples:\n"
        "  remx inspect resnet-50\n"
        "  remx inspect ssd-symbol.json ssd-0000.params --input data:1,3,300,300\n"
        "  remx inspect resnet50_v1 --graph resnet50.html",
    )
    _add_model(parser)
    _add_shapes(parser, "found in the file or tried out")
    parser.add_argument(
        "--graph",
        metavar="FILE",
        help="draw the network: FILE.html is one page to zoom, pan and search; FILE.svg, .png and .pdf need graphviz",
    )
    _add_json(parser)


def _convert(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "convert",
        "to ONNX, torch, safetensors, or today's MXNet files",
        "Write a model in another format. Nothing is written when it fails.\n\n"
        "What is written to -o OUT:\n"
        "  onnx          OUT (.onnx is added)\n"
        "  torch         OUT.pt2 (torch.export program), OUT-state_dict.pt, and OUT.py\n"
        "                (the network as Python code) where its operators allow it\n"
        "  safetensors   OUT (.safetensors is added): parameters and the symbol\n"
        "  mxnet         OUT-symbol.json and OUT-0000.params, as MXNet 1.9.1 writes\n\n"
        "Examples:\n"
        "  remx convert resnet-50 --to onnx -o resnet-50.onnx --check\n"
        "  remx convert resnet-50.onnx --to mxnet -o resnet-50-back",
    )
    _add_model(parser)
    parser.add_argument("--to", required=True, choices=("onnx", "torch", "safetensors", "mxnet"), help="the new format")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="where to write; see below")
    _add_shapes(parser, "found in the file or tried out")
    parser.add_argument(
        "--check",
        action="store_true",
        help="run the model and what was written on the same random input; exit code 1 if an output differs by more "
        "than 1e-3 of its largest value",
    )
    parser.add_argument("--opset", type=int, metavar="N", help="ONNX operator set (default: the newest that is known)")
    _add_json(parser)


def _run(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "run",
        "on images or arrays: the best classes, or outputs in a file",
        "Run a model on images or arrays. A classifier prints its best classes; with\n"
        "--output, all outputs go to a file.\n\n"
        "Examples:\n"
        "  remx run resnet-50 --input cat.jpg --labels synset.txt\n"
        "  remx run lstm --input data=tokens.npy --output out.npz",
    )
    _add_model(parser)
    parser.add_argument(
        "--input",
        action="extend",
        nargs="+",
        required=True,
        metavar="FILE",
        help="an image (.jpg, .png ...), an array (.npy) or arrays by name (.npz); NAME=FILE for one of several "
        "inputs; several images make a batch",
    )
    parser.add_argument("--labels", metavar="FILE", help="names of the classes, one in a line")
    parser.add_argument("--top", type=int, metavar="N", help="how many classes to print (default: 5)")
    images = parser.add_argument_group("images")
    images.add_argument("--mean", type=float, nargs="+", metavar="M", help="mean of each channel that is taken away")
    images.add_argument("--std", type=float, nargs="+", metavar="S", help="standard deviation that is divided by")
    images.add_argument(
        "--scale",
        type=float,
        choices=(1.0, 255.0),
        metavar="1|255",
        help="range of the values that mean and std mean (default: 255 if one of them is above 1.5, else 1)",
    )
    images.add_argument("--raw", action="store_true", help="no mean, no std: values from 0 to 255")
    images.add_argument(
        "--resize",
        metavar="N|exact",
        help="scale the shorter side to N pixels, then cut out the middle; 'exact' scales both sides to the input's "
        "(default: 8/7 of the input's height)",
    )
    images.add_argument("--bgr", action="store_true", help="channels in the order blue, green, red")
    parser.add_argument("--output", metavar="FILE.npz", help="write all outputs to this file")
    parser.add_argument("--device", default="cpu", metavar="cpu|gpu", help="where to compute (default: cpu)")
    _add_json(parser)


def _bench(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "bench",
        "latency, throughput and memory",
        "Measure inference: percentiles of the time of one batch, throughput, memory.\n\n"
        "Examples:\n"
        "  remx bench resnet-50 --batch 1 8 --threads 2\n"
        "  remx bench resnet50_v1 --device gpu --dtype bfloat16 --backend inductor",
    )
    _add_model(parser)
    _add_shapes(parser, "found in the file or tried out; the first length is the batch")
    parser.add_argument("--batch", type=int, nargs="+", default=[1], metavar="N", help="batch sizes (default: 1)")
    parser.add_argument("--threads", type=int, metavar="N", help="threads of the CPU (default: torch's choice)")
    parser.add_argument("--device", default="cpu", metavar="cpu|gpu", help="where to compute (default: cpu)")
    parser.add_argument(
        "--dtype", choices=("float32", "float16", "bfloat16"), default="float32", help="of parameters and inputs"
    )
    parser.add_argument(
        "--backend", choices=("plain", "inductor"), default="plain", help="remx's own plans, or torch.compile"
    )
    parser.add_argument("--seconds", type=float, default=5.0, metavar="S", help="for each batch size (default: 5)")
    _add_json(parser)


def _doctor(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "doctor",
        "versions, devices and what is missing",
        "Say what is installed and what works, on one screen: paste it into bug reports.",
    )
    _add_json(parser)


def _diff(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "diff",
        "which parameters of two files differ",
        "Compare the parameters of two files: .params, .safetensors, .onnx, or prefixes\n"
        "of checkpoints. The exit code is 1 if anything differs.\n\n"
        "Examples:\n"
        "  remx diff net-0001.params net-0002.params\n"
        "  remx diff resnet-50 resnet-50.safetensors",
    )
    parser.add_argument("first", metavar="A", help="a file, or a prefix (its newest epoch)")
    parser.add_argument("second", metavar="B", help="the same")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        metavar="T",
        help="differences up to T times the largest value of an array do not count (default: 0)",
    )
    _add_json(parser)
