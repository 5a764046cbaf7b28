"""Any sequence of calls by several processes against a model: what a depository is, said once more."""

from hypothesis import settings

from depository.testing.machine import machine

EXAMPLES = settings(max_examples=max(200, settings().max_examples), stateful_step_count=75)

TestTwoProcesses = machine(clients=2).TestCase
TestTwoProcesses.settings = EXAMPLES

TestThreeProcessesWithFaultsAndClocksOfTheirOwn = machine(clients=3, faults=True, skew=True).TestCase
TestThreeProcessesWithFaultsAndClocksOfTheirOwn.settings = EXAMPLES
