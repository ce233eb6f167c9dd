"""`edgeq ops`: the operators, as their own files say."""

from __future__ import annotations

from edgeq.cli.options import Json
from edgeq.cli.screen import show_json, show_table, show_text


def ops(json: Json = False) -> int:
    """The operators, what reads them, and what holds for every graph."""
    from edgeq.report.supported import op_rows, op_table, read_operators, spec_sentences

    if json:
        show_json({"ops": op_rows(), "reads": read_operators(), "rules": spec_sentences()})
        return 0
    show_table(op_table())
    for ending, names in read_operators().items():
        show_text(f"{ending} files may hold: {', '.join(names)}")
    for stage, sentences in spec_sentences().items():
        show_text(f"\nrules of graphs that are {stage}:")
        for sentence in sentences:
            show_text(f"  - {sentence}")
    return 0
