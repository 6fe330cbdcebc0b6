"""Made-up worlds whose truth is known, for benchmarks/bandits.py: Chapelle and Li's two, and one of captions."""

from dataclasses import dataclass

import numpy as np

from kalends.methods.bandits import Beliefs, Log, Thompson, choose, fading, learn, sample_scores


def run_arms(policy, *, rates, horizon, seed, epsilon=0.0, replaced=0.0, delay=1, checkpoints=()):
    """Regret so far (runs, checkpoints) of a policy on `rates` (runs, arms) of Bernoulli arms, one pull a step.

    `epsilon`: share of steps given away evenly. `replaced`: chance in each step that one arm is exchanged for a new one
    with a rate from Beta(4, 4), of which nothing is known. `delay`: rewards become known every so many steps; those of
    an arm that is gone are lost.
    """
    dice = np.random.default_rng(seed)
    rates = rates.copy()
    runs, arms = rates.shape
    every = np.arange(runs)
    trials, wins = np.zeros((runs, arms)), np.zeros((runs, arms))
    values, born = np.ones((runs, arms)), np.zeros((runs, arms), dtype=np.int64)
    waiting, regret, told, step = [], np.zeros(runs), [], 0
    while step < horizon:
        # Steps that are decided by what was known before the first of them: a thousandth of those made, so that a
        # million of them can be made at all.
        end = min([step + max(1, step // 1000)] + [point for point in checkpoints if point > step])
        made = 1 if replaced or delay > 1 else end - step
        beliefs = Beliefs(wins + 1, trials - wins + 1, values, trials, wins, trials, trials.sum(axis=1, keepdims=True))
        scores = policy.scores(beliefs, dice=dice, draws=made) + 1e-9 * dice.random((made, runs, arms))
        arm = scores.argmax(axis=2)
        if epsilon:
            arm = np.where(dice.random(arm.shape) < epsilon, dice.integers(0, arms, arm.shape), arm)
        rate = rates[every, arm]
        regret += (rates.max(axis=1) - rate).sum(axis=0)
        waiting.append((arm, dice.random(arm.shape) < rate, born[every, arm]))
        step += made
        if step % delay == 0:
            for one, won, since in waiting:
                alive = born[every, one] == since
                run = np.broadcast_to(every, one.shape)
                np.add.at(trials, (run, one), alive)
                np.add.at(wins, (run, one), won & alive)
            waiting.clear()
        if replaced and (new := dice.random(runs) < replaced).any():
            place = np.flatnonzero(new)
            gone = dice.integers(0, arms, place.size)
            rates[place, gone] = dice.beta(4, 4, place.size)
            trials[place, gone] = wins[place, gone] = 0
            born[place, gone] = step
        if step in checkpoints:
            told.append(regret.copy())
    return np.stack(told, axis=1)


@dataclass
class Captions:
    """A bank of captions of one page over weeks: prices, tastes, wear and drift.

    A purchase rate is 0.5 to 5 % by tier and category, times the caption's own appeal, times its freshness, times the
    week's and the send's mood. A caption loses a fifth of its pull with each use and wins half of that back in 60 days;
    appeals wander; new captions arrive each week and old ones are taken out.
    """

    seed: int
    arms: int = 80
    weeks: int = 52
    picks: int = 8
    cooldown: int = 2
    """Weeks for which a used caption may not be used."""
    appeal: float = 0.5
    """Standard deviation of a caption's own logarithmic appeal."""
    drift: float = 0.06
    """Of its weekly change; the appeal is drawn back as much as keeps its spread."""
    wear: float = 0.2
    mood: float = 0.25
    """Of the logarithm of a send's mood."""
    renewed: float = 0.03
    """Share of captions exchanged for new ones each week."""

    def __post_init__(self):
        dice = self.dice = np.random.default_rng(self.seed)
        self.recipients = int(np.exp(dice.uniform(np.log(200), np.log(20_000))))
        self.tier = dice.integers(0, 3, self.arms)
        self.category = dice.integers(0, 6, self.arms)
        self.prices = np.array([7.0, 15.0, 30.0])[self.tier] * np.exp(dice.normal(0, 0.2, self.arms))
        self.likes = dice.normal(0, 0.25, (6, 3))
        self.level = np.exp(dice.uniform(np.log(0.008), np.log(0.03)))
        self.own = dice.normal(0, self.appeal, self.arms)
        self.worn = np.zeros(self.arms)
        self.used = np.full(self.arms, -99)
        self.sends = np.empty((0, 4))

    @property
    def rates(self):
        """True purchase rates now, without mood."""
        dearer = np.array([1.5, 1.0, 0.6])[self.tier]
        logs = np.log(self.level * dearer) + self.likes[self.category, self.tier] + self.own - self.worn
        return np.minimum(np.exp(logs), 0.3)

    def beliefs(self, week, *, half_life=90.0):
        """What may be believed at the start of a week: the real way, from the sends so far."""
        sends = self.sends
        return learn(
            arm=sends[:, 1].astype(np.int64),
            recipients=sends[:, 2],
            purchases=sends[:, 3],
            values=self.prices,
            weights=fading(7.0 * (week - sends[:, 0]), half_life=half_life),
            groups=(self.tier + 3 * self.category, self.category),
        )

    def open(self, week):
        """Captions that may be sent."""
        return np.flatnonzero(week - self.used > self.cooldown)

    def send(self, week, arms):
        """Send these; gives the earnings per recipient of each."""
        rates = self.rates[arms] * np.exp(self.dice.normal(-(self.mood**2) / 2, self.mood, arms.size))
        bought = self.dice.binomial(self.recipients, np.minimum(rates, 1))
        new = np.column_stack([np.full(arms.size, week), arms, np.full(arms.size, self.recipients), bought])
        self.sends = np.concatenate([self.sends, new])
        self.used[arms] = week
        self.worn[arms] += self.wear
        return self.prices[arms] * bought / self.recipients

    def pass_week(self):
        """What changes without anybody's doing."""
        self.worn *= 0.5 ** (7 / 60)
        keep = np.sqrt(max(1 - (self.drift / self.appeal) ** 2, 0))
        self.own = keep * self.own + self.dice.normal(0, self.drift, self.arms)
        gone = np.flatnonzero(self.dice.random(self.arms) < self.renewed)
        self.own[gone] = self.dice.normal(0, self.appeal, gone.size)
        self.worn[gone], self.used[gone] = 0, -99
        self.sends = self.sends[~np.isin(self.sends[:, 1], gone)]


def caption_year(seed, policy, epsilon, **more):
    """Expected earnings per recipient of each week (weeks,), and what the truly best picks of that week would give."""
    world = Captions(seed, **more)
    dice = np.random.default_rng([seed, 7])
    earned, best = np.zeros(world.weeks), np.zeros(world.weeks)
    for week in range(world.weeks):
        free = world.open(week)
        worth = (world.prices * world.rates)[free]
        best[week] = np.sort(worth)[-world.picks :].sum()
        beliefs = world.beliefs(week).of(free)
        chosen = np.argsort(-sample_scores(policy, beliefs, picks=world.picks, dice=dice, epsilon=epsilon))
        chosen = chosen[: world.picks]
        earned[week] = worth[chosen].sum()
        world.send(week, free[chosen])
        world.pass_week()
    return earned, best


def logged(seed, targets, *, decisions=400, epsilon=0.2, draws=400):
    """A log of many pages' choices under Thompson with a slice, judged for `targets` (name -> policy).

    Gives (true values by name, logs by name, model's rewards of the picks, model's promises by name).
    Each page has its own captions and beliefs from five uniform weeks; then it decides once.
    """
    decision, rewards, propensities, predicted = [], [], [], []
    weights, promised, truth = ({name: [] for name in targets} for _ in range(3))
    for number in range(decisions):
        world = Captions(seed * 100_000 + number, arms=40, picks=4, cooldown=0)
        dice = np.random.default_rng([seed, number])
        for week in range(5):
            world.send(week, dice.choice(world.arms, size=4, replace=False))
            world.pass_week()
        beliefs, worth = world.beliefs(5), world.prices * world.rates
        made = choose(Thompson(), beliefs, picks=4, dice=dice, epsilon=epsilon)
        decision += [number] * 4
        rewards.extend(world.send(5, made.arms))
        propensities.extend(made.propensities)
        predicted.extend(beliefs.expected[made.arms])
        for name, policy in targets.items():
            ranks = np.argsort(
                -policy.scores(beliefs, dice=dice, draws=draws) - 1e-9 * dice.random((draws, 40)), axis=1
            )
            chances = np.bincount(ranks[:, :4].ravel(), minlength=40) / draws
            weights[name].extend(chances[made.arms])
            promised[name].append(chances @ beliefs.expected)
            truth[name].append(chances @ worth)
    place = np.array(decision)
    logs = {name: Log(place, np.array(rewards), np.array(propensities), np.array(weights[name])) for name in targets}
    values = {name: float(np.mean(truth[name])) for name in targets}
    return values, logs, np.array(predicted), {name: np.array(promised[name]) for name in targets}
