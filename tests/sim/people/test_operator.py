import pytest
import simpy

from cellwright.sim import Operator, OperatorParameters, Streams


def test_a_visit_costs_the_work_and_both_walks_with_allowance_but_not_the_response() -> None:
    env = simpy.Environment()
    parameters = OperatorParameters(response_s=30.0, response_spread=0.0, walk_s=4.0)
    operator = Operator(env, parameters, Streams(1, 0), allowance=0.5)
    env.run(until=env.process(operator.come(lambda: operator.spend(10.0))))
    assert env.now == pytest.approx(30 + 1.5 * (4 + 10))
    assert operator.labour_s == pytest.approx(1.5 * (4 + 10 + 4))


def test_one_person_comes_to_one_call_after_the_other() -> None:
    env = simpy.Environment()
    parameters = OperatorParameters(response_s=0.0, response_spread=0.0, walk_s=1.0)
    operator = Operator(env, parameters, Streams(1, 0), allowance=0.0)
    visits = [env.process(operator.come(lambda: operator.spend(10.0))) for _ in range(2)]
    env.run(until=env.all_of(visits))
    assert env.now == pytest.approx(22)
