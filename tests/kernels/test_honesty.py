"""The tester cannot be fooled by a contract nobody answers for, or by cases that show nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from edgeq.kernels.catalog import Kernel, variants
from edgeq.kernels.contract import contracts
from edgeq.ops.base import op_of_contract
from tests.kernels.rig import Rig
from tests.kernels.trial import (
    Array,
    NotTestedError,
    Outcome,
    bits,
    cases_of,
    complaint,
    expected,
    legal_cases,
    trials,
)

CONTRACTS = contracts()
MANY = 8  # written elements from which on equal ones are suspicious


@pytest.mark.parametrize("name", CONTRACTS)
def test_an_operator_claims_the_contract(name: str) -> None:
    assert name in op_of_contract(), "no file in edgeq/ops claims it"


def test_every_claimed_contract_has_a_header() -> None:
    assert set(op_of_contract()) <= set(CONTRACTS)


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_portable_kernel_defines_the_contract(name: str) -> None:
    assert any(kernel.isa.name == "ref" for kernel in variants(name)), f"add kernels/ref/{name}.c"


@pytest.mark.parametrize("name", CONTRACTS)
def test_cases_fit_the_header(name: str) -> None:
    contract = CONTRACTS[name]
    for index, case in enumerate(cases_of(name)):
        assert set(case.args) == {q.name for q in contract.pointers}, f"case {index}"
        assert set(case.params) == set(contract.fields), f"case {index}"
        for parameter in contract.pointers:
            assert case.args[parameter.name].dtype == parameter.dtype, (index, parameter.name)
        for field, value in case.params.items():
            assert -(2**31) <= value < 2**31, (index, field)


@pytest.mark.parametrize("name", CONTRACTS)
def test_exact_gives_every_output_and_changes_no_argument(name: str) -> None:
    outputs = {q.name for q in CONTRACTS[name].parameters if q.is_output}
    for form in CONTRACTS[name].forms or ("",):
        for index, case in legal_cases(name, form):
            before = {key: value.copy() for key, value in case.args.items()}
            assert set(expected(name, form, index)) == outputs
            for key, value in before.items():
                assert np.array_equal(value, case.args[key], equal_nan=value.dtype.kind == "f")


def written(name: str, form: str, index: int) -> Iterator[Array]:
    """The elements of each output that a case writes: equal whatever was there before."""
    case, first = cases_of(name)[index], expected(name, form, index)
    before = {key: (~bits(case.args[key])).view(case.args[key].dtype) for key in first}
    again = op_of_contract()[name].exact(name, {**case.args, **before}, case.params, form)
    for key, value in first.items():
        found = bits(value)
        yield found[found == bits(again[key])]


@pytest.mark.parametrize("name", CONTRACTS)
def test_expected_outputs_are_not_constant(name: str) -> None:
    """A case may be flat on purpose (all saturated); most must show what they compute."""
    for form in CONTRACTS[name].forms or ("",):
        values = [v for i, _ in legal_cases(name, form) for v in written(name, form, i)]
        assert all(v.size for v in values), "a case asks for nothing"
        if not any(q.const and q.dtype for q in CONTRACTS[name].parameters):  # no input: a fill
            values = [np.concatenate(values)]
        large = [v for v in values if v.size >= MANY]
        varied = [v for v in large if np.unique(v).size > 1]
        assert large, "no case has more than a few outputs"
        assert len(varied) > len(large) / 2, f"{len(varied)} of {len(large)} cases vary"


@pytest.mark.parametrize("name", [name for name, c in CONTRACTS.items() if c.forms])
def test_cases_tell_the_rounding_forms_apart(name: str) -> None:
    """Else a kernel that rounds as another form does would pass."""
    for a, b in combinations(CONTRACTS[name].forms, 2):
        both = {i for i, _ in legal_cases(name, a)} & {i for i, _ in legal_cases(name, b)}
        pairs = [(expected(name, a, i), expected(name, b, i)) for i in sorted(both)]
        differ = [x for x, y in pairs if any(x[k].tobytes() != y[k].tobytes() for k in x)]
        assert differ or not both, f"every case gives the same bytes under {a} and {b}"


def fc() -> Kernel:
    return next(k for k in variants("fc_s8") if k.isa.name == "ref")


def test_a_kernel_that_no_case_reaches_is_not_called_tested(rig: Rig) -> None:
    with pytest.raises(NotTestedError, match="was not tested"):
        rig.difference(replace(fc(), requires=("in_dim > 1000000",)))


def test_a_contract_that_nobody_claims_is_not_called_tested(rig: Rig) -> None:
    orphan = replace(fc().contract, name="orphan_s8")
    with pytest.raises(NotTestedError, match="no operator"):
        rig.difference(replace(fc(), contract=orphan))


@pytest.mark.parametrize(
    ("ci", "raised"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_a_missing_emulator_fails_in_ci_and_is_said_elsewhere(
    ci: str, raised: type[BaseException], rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    foreign = replace(fc().isa, machine="pdp11", emulator=("no-such-emulator",))
    with pytest.raises(raised, match="need no-such-emulator"):
        rig.difference(replace(fc(), isa=foreign))


def test_kernels_whose_output_may_lie_over_rows_are_run_so() -> None:
    for kernel in (k for name in CONTRACTS for k in variants(name) if k.overlap):
        form = (kernel.contract.forms or ("",))[0]
        assert any(t.label.endswith("y over rows of x") for t in trials(kernel, form)), (
            kernel.base_symbol
        )


def test_in_place_kernels_are_run_in_place() -> None:
    for kernel in (k for name in CONTRACTS for k in variants(name) if k.inplace):
        form = (kernel.contract.forms or ("",))[0]
        labels = " ".join(trial.label for trial in trials(kernel, form))
        for name in kernel.inplace:
            assert f"y in place of {name}" in labels, kernel.base_symbol


def test_a_difference_names_one_element() -> None:
    """The message that a failing kernel gives: index, got, want, params."""
    trial = next(trials(fc(), "double"))
    wrong = [bytes(b ^ 1 for b in w or b"") if name == "y" else w or b""
             for (name, _), w in zip(trial.views, trial.want, strict=True)]  # fmt: skip
    outcome = Outcome(tuple(wrong), (True,) * len(wrong))
    text = complaint(trial, "flush", outcome)
    assert text.startswith("eq_fc_s8__ref_double: 1 of 1 wrong in 'y'\n  first at 0: got ")
    assert "'in_dim': 1" in text
