"""Bandits: what is believed, what is chosen, how likely it was, and what another policy would have earned."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalends.methods.bandits import (
    UCB1,
    Beliefs,
    ChernoffUCB,
    Greedy,
    Log,
    NestingError,
    RoundRobin,
    Thompson,
    Uniform,
    choose,
    doubly_robust,
    fading,
    generator,
    learn,
    normalised,
    sample_scores,
    weighted,
)

pytestmark = pytest.mark.unit
POLICIES = [
    Thompson(),
    Thompson(reshaping=0.5, optimistic=True),
    Greedy(),
    UCB1(),
    ChernoffUCB(),
    RoundRobin(),
    Uniform(),
]
seeds = st.integers(0, 2**32 - 1)


def dice(seed=1):
    return np.random.default_rng(seed)


def some_beliefs(arms=12, seed=1):
    rng = dice(seed)
    trials = rng.integers(0, 400, arms).astype(float)
    wins = np.round(trials * rng.uniform(0.005, 0.05, arms))
    total = trials.sum(keepdims=True)
    return Beliefs(wins + 0.5, trials - wins + 20, rng.uniform(5, 50, arms), trials, wins, np.ceil(trials / 100), total)


def sent(rates, *, sends=20, recipients=2000, mood=0.0, seed=1):
    """Sends of arms with these rates: arm, recipients, purchases."""
    rng = dice(seed)
    arm = np.repeat(np.arange(len(rates)), sends)
    now = np.array(rates)[arm] * np.exp(rng.normal(-(mood**2) / 2, mood, arm.size))
    sizes = np.full(arm.size, float(recipients))
    return {"arm": arm, "recipients": sizes, "purchases": rng.binomial(recipients, now).astype(float)}


# What is believed


def test_much_evidence_is_believed_and_little_is_drawn_to_the_group():
    rates = [0.01, 0.02, 0.03, 0.02]
    values = np.ones(5)
    much = learn(**sent(rates, sends=200), values=values)
    assert much.means[:4] == pytest.approx(rates, rel=0.05)
    assert 0.01 < much.means[4] < 0.03, "an arm never sent is like the others"
    little = sent([0.02] * 4, sends=2, recipients=50)
    little["purchases"][:2] = 0
    drawn = learn(**little, values=values)
    assert 0 < drawn.means[0] < drawn.means[1:4].min()


def test_a_group_lends_its_strength_to_its_own():
    rates = [0.005] * 5 + [0.04] * 5
    data = sent(rates, sends=3, recipients=300)
    keep = ~np.isin(data["arm"], (0, 9))
    data = {name: part[keep] for name, part in data.items()}
    tier = np.array([0] * 5 + [1] * 5)
    believed = learn(**data, values=np.ones(10), groups=(tier,)).means
    assert believed[0] < 0.012
    assert believed[9] > 0.025
    alone = learn(**data, values=np.ones(10)).means
    assert alone[0] == pytest.approx(alone[9])


@given(seeds, st.permutations(range(6)))
@settings(max_examples=25)
def test_the_numbering_of_arms_groups_and_sends_does_not_matter(seed, order):
    rng = dice(seed)
    data = sent(rng.uniform(0.002, 0.05, 6), sends=3, recipients=200, seed=seed)
    tier = np.array([0, 0, 1, 1, 2, 2])
    one = learn(**data, values=np.ones(6), groups=(tier, tier // 2))
    order = np.array(order)
    rows = rng.permutation(data["arm"].size)
    mixed = {name: part[rows] for name, part in data.items()} | {"arm": np.argsort(order)[data["arm"][rows]]}
    groups = (7 - tier[order], 7 - (tier // 2)[order])
    other = learn(**mixed, values=np.ones(6), groups=groups)
    assert other.wins == pytest.approx(one.wins[order], rel=1e-6)
    assert other.losses == pytest.approx(one.losses[order], rel=1e-6)


@given(seeds)
@settings(max_examples=25)
def test_more_purchases_are_never_believed_less(seed):
    data = sent(dice(seed).uniform(0.005, 0.05, 5), sends=4, recipients=400, seed=seed)
    before = learn(**data, values=np.ones(5)).means
    data["purchases"][data["arm"] == 2] += 4
    after = learn(**data, values=np.ones(5)).means
    assert after[2] > before[2]


def test_moods_of_whole_sends_make_beliefs_less_sure():
    calm = learn(**sent([0.02] * 10, mood=0.0), values=np.ones(10))
    moody = learn(**sent([0.02] * 10, mood=0.5), values=np.ones(10))
    assert moody.trials.sum() < calm.trials.sum() / 4


def test_posteriors_cover():
    hits = []
    for seed in range(40):
        rates = np.minimum(0.02 * np.exp(dice(seed).normal(0, 0.5, 20)), 0.2)
        believed = learn(**sent(rates, sends=3, recipients=500, mood=0.25, seed=seed), values=np.ones(20))
        drawn = np.sort(dice(seed).beta(believed.wins, believed.losses, size=(800, 20)), axis=0)
        hits.extend((drawn[40] <= rates) & (rates <= drawn[759]))
    assert 0.85 < np.mean(hits) < 0.95


def test_old_evidence_fades():
    assert fading(np.array([-3.0, 0.0, 30.0, 60.0]), half_life=30) == pytest.approx([1, 1, 0.5, 0.25])
    data = sent([0.01] * 4, sends=10)
    data["purchases"][data["arm"] == 0] = 0
    half = np.arange(10) >= 5
    data["purchases"][:10][half] = 80
    ages = np.where(half, 0.0, 300.0)
    weights = np.concatenate([fading(ages, half_life=30), np.ones(30)])
    assert learn(**data, values=np.ones(4), weights=weights).means[0] > 0.03
    assert learn(**data, values=np.ones(4)).means[0] < 0.025


def test_nothing_known_and_nothing_sold():
    empty = learn(arm=np.empty(0, np.int64), recipients=np.empty(0), purchases=np.empty(0), values=np.ones(3))
    assert empty.means == pytest.approx([0.5] * 3)
    nothing = sent([0.0] * 3)
    believed = learn(**nothing, values=np.ones(3))
    assert (believed.means < 1e-3).all()
    assert (believed.wins > 0).all()


def test_groups_must_be_nested():
    with pytest.raises(NestingError):
        learn(**sent([0.1] * 4), values=np.ones(4), groups=(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])))


# What is chosen


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_the_same_inputs_choose_the_same(policy):
    beliefs = some_beliefs()
    one, other = (choose(policy, beliefs, picks=4, dice=generator("page", 3, "2026-11-23")) for _ in range(2))
    assert (one.arms == other.arms).all()
    assert (one.propensities == other.propensities).all()
    assert len(set(one.arms.tolist())) == 4
    assert (one.arms == np.argsort(-one.scores)[:4]).all()
    scores = sample_scores(policy, beliefs, picks=4, dice=generator("page", 3, "2026-11-23"))
    assert (scores == one.scores).all()


def test_other_inputs_draw_otherwise():
    draws = {generator("page", *inputs).random() for inputs in [(1, 2), (2, 1), (12,), ("1", "2"), (1, 2, "")]}
    assert len(draws) == 4, "numbers and texts that print alike are alike, others are not"


def test_what_earns_most_is_chosen_not_what_sells_most():
    sells = Beliefs(
        np.array([50.0, 20]), np.array([950.0, 980]), np.array([5.0, 30]), *np.full((3, 2), 1000.0), np.array([2000.0])
    )
    assert choose(Thompson(), sells, picks=1, dice=dice(), epsilon=0).arms.tolist() == [1]
    assert sells.expected == pytest.approx([0.25, 0.6])


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
@pytest.mark.parametrize("epsilon", [0.0, 0.3])
def test_propensities_are_the_shares_in_which_arms_are_chosen(policy, epsilon):
    beliefs, rounds = some_beliefs(), 2000
    rng = dice(5)
    counts, said, errors = np.zeros(12), np.full(12, np.nan), np.zeros(12)
    for _ in range(rounds):
        counts[np.argsort(-sample_scores(policy, beliefs, picks=4, dice=rng, epsilon=epsilon))[:4]] += 1
    for _ in range(40):
        made = choose(policy, beliefs, picks=4, dice=rng, epsilon=epsilon, draws=200)
        said[made.arms], errors[made.arms] = made.propensities, made.errors
    known = np.isfinite(said)
    share = counts / rounds
    noise = np.sqrt(share * (1 - share) / rounds) + errors + 1e-3
    assert (np.abs(said - share)[known] < 4.5 * noise[known]).all()
    if epsilon:
        assert said[known].min() >= epsilon * 4 / 12


def test_stated_errors_are_those_seen():
    beliefs = some_beliefs(40)
    target = int(choose(Greedy(), beliefs, picks=10, dice=dice(), epsilon=0).arms[9])
    said = []
    for seed in range(150):
        made = choose(Thompson(), beliefs, picks=10, dice=dice(seed))
        at = np.flatnonzero(made.arms == target)
        said += [(made.propensities[place], made.errors[place]) for place in at]
    chance, error = np.array(said).T
    assert chance.std() == pytest.approx(error.mean(), rel=0.5)


def test_rules_decide_by_scores_and_their_propensities_hold_on_average():
    beliefs = some_beliefs()

    def no_two_of_a_kind(scores):
        taken = []
        for arm in np.argsort(-scores):
            if all(arm % 3 != other % 3 for other in taken):
                taken.append(int(arm))
        return np.array(taken)

    rng, rounds = dice(7), 1000
    counts = np.zeros(12)
    for _ in range(rounds):
        counts[no_two_of_a_kind(sample_scores(Thompson(), beliefs, picks=3, dice=rng))] += 1
    inverse = np.zeros(12)
    for _ in range(200):
        made = choose(Thompson(), beliefs, picks=3, dice=rng, rules=no_two_of_a_kind, draws=100)
        assert len({arm % 3 for arm in made.arms.tolist()}) == made.arms.size == 3
        assert (made.propensities > 0).all()
        inverse[made.arms] += 1 / made.propensities / 200
    often = counts / rounds > 0.2
    # The mean of the inverse over decisions, counted where it was chosen, is 1. Standard error: (4 / 200)^0.5 = 0.14.
    assert often.sum() >= 4
    assert inverse[often] == pytest.approx(np.ones(often.sum()), abs=0.42)


def test_few_arms_are_all_chosen():
    all_of_them = choose(Thompson(), some_beliefs(3), picks=5, dice=dice())
    assert sorted(all_of_them.arms.tolist()) == [0, 1, 2]
    assert all_of_them.propensities.tolist() == [1, 1, 1]
    none = learn(arm=np.empty(0, np.int64), recipients=np.empty(0), purchases=np.empty(0), values=np.empty(0))
    assert choose(Thompson(), none, picks=2, dice=dice()).arms.size == 0
    assert choose(Thompson(), some_beliefs(3), picks=0, dice=dice()).arms.size == 0


def test_reshaping_and_optimism():
    beliefs = some_beliefs()
    spread = [Thompson(reshaping=one).scores(beliefs, dice=dice(), draws=4000).std(axis=0) for one in (0.25, 1, 4)]
    assert (spread[0] < spread[1]).all()
    assert (spread[1] < spread[2]).all()
    assert (Thompson(optimistic=True).scores(beliefs, dice=dice(), draws=50) >= beliefs.expected).all()


# What another would have earned


def a_log(seed, decisions=300):
    """Two picks of six in each decision by known chances; the target prefers other arms. Gives the log and the truth."""
    rng = dice(seed)
    worth = np.array([1.0, 2, 3, 4, 5, 6])
    weight, other = np.array([3.0, 2, 2, 1, 1, 1]), np.array([1.0, 1, 1, 2, 3, 4])
    own, target = 2 * weight / weight.sum(), 2 * other / other.sum()
    # Systematic sampling gives each arm exactly its chance.
    at = np.cumsum(own)[None, :] - rng.random((decisions, 1))
    taken = np.diff(np.ceil(at), axis=1, prepend=0.0) > 0
    decision, arm = np.nonzero(taken)
    rewards = worth[arm] + rng.normal(0, 1, arm.size)
    log = Log(decision, rewards, own[arm], target[arm])
    return log, float(target @ worth), worth, arm, target


def test_all_three_cover_the_truth_and_a_model_narrows():
    hits, errors = [], []
    for seed in range(100):
        log, truth, worth, arm, target = a_log(seed)
        promised = np.full(log.decisions, target @ worth)
        all_three = (weighted(log), normalised(log), doubly_robust(log, predicted=worth[arm], promised=promised))
        hits.append([one.low <= truth <= one.high for one in all_three])
        errors.append([one.error for one in all_three])
    assert (np.mean(hits, axis=0) > 0.85).all()
    assert np.mean(errors, axis=0)[2] < 0.7 * np.mean(errors, axis=0)[0]


def test_a_wrong_model_is_corrected():
    log, truth, *_ = a_log(1, decisions=3000)
    wrong = doubly_robust(log, predicted=np.full(log.decision.size, 9.0), promised=np.full(log.decisions, 18.0))
    assert wrong.low <= truth <= wrong.high
    assert truth < 12


def test_judging_oneself_gives_the_mean_and_all_picks_count():
    log, *_ = a_log(2)
    own = Log(log.decision, log.rewards, log.propensities, log.propensities)
    mean = log.rewards.sum() / log.decisions
    for estimate in (weighted(own), normalised(own)):
        assert estimate.value == pytest.approx(mean)
        assert estimate.effective == pytest.approx(log.decision.size)


@given(seeds, st.floats(-50, 50))
@settings(max_examples=20)
def test_normalised_moves_with_the_level_of_rewards(seed, level):
    log, *_ = a_log(seed, decisions=40)
    raised = Log(log.decision, log.rewards + level, log.propensities, log.targets)
    picks = log.decision.size / log.decisions
    assert normalised(raised).value == pytest.approx(normalised(log).value + picks * level)
    assert normalised(raised).error == pytest.approx(normalised(log).error)


def test_few_effective_picks_are_not_sound():
    log, *_ = a_log(3)
    assert weighted(log).is_sound
    odd = log.targets.copy()
    odd[5:] = 0
    assert not weighted(Log(log.decision, log.rewards, log.propensities, odd)).is_sound
    nothing = normalised(Log(log.decision, log.rewards, log.propensities, np.zeros(odd.size)))
    assert np.isnan(nothing.value)
    assert not nothing.is_sound
