"""A whole sync against a platform's stand-in, as fast as it goes: the house's clock is moved instead of waited for."""

from contextlib import contextmanager, nullcontext
from decimal import Decimal

from sqlalchemy import select, text

from kalends.base.worker import run_task
from kalends.demo.standin.knowing import KEY
from kalends.demo.standin.registry import STANDINS
from kalends.demo.standin.server import serving
from kalends.identity.service import Door
from kalends.marketing import jobs, service
from kalends.marketing.attribution import ASKED
from kalends.marketing.connectors import connections, runs
from kalends.marketing.connectors.models import SyncRun, SyncSlice
from kalends.marketing.connectors.registry import CONNECTORS
from kalends.marketing.models import Batch

assert jobs.sync.kind == runs.SYNC  # the kinds are declared by importing them
ROUNDS = 5000
FACTS = ("spend", "impressions", "clicks", "conversions", "revenue")


class Patient:
    """Time as the house sees it: sleeping moves the clock, and so does every look at it, a little."""

    def __init__(self, clock):
        self.clock = clock
        self.slept = 0.0

    def sleep(self, seconds):
        self.slept += seconds
        self.clock.advance(seconds=seconds)


class Killed(BaseException):
    """The process ends here, as by kill -9: nothing catches it."""


class Deadly:
    """A clock at whose n-th looks the process ends: looks of the worker, not of the test around it."""

    def __init__(self, clock, looks):
        self.clock = clock
        self.looks = set(looks)
        self.seen = 0
        self.is_working = False

    def __call__(self):
        self.seen += self.is_working
        if self.is_working and self.seen in self.looks:
            raise Killed
        return self.clock()

    @contextmanager
    def working(self):
        """The worker is at it."""
        self.is_working = True
        try:
            yield
        except Killed:
            pass
        finally:
            self.is_working = False

    def advance(self, **span):
        self.clock.advance(**span)


@contextmanager
def platform(house, data_source, *, truth=None, faults=None, limits=None):
    """The platform's stand-in at the end of the house's gateway. `limits`: the connector's own quotas unless given;
    those of calls of one kind are the stand-in's own matter.
    """
    connector = CONNECTORS[data_source]
    kind = STANDINS[data_source]
    counted = (
        [(quota.calls, quota.seconds) for quota in connector.quotas if not quota.name] if limits is None else limits
    )
    made = kind(truth or kind.known_truth(), clock=house.clock, faults=dict(faults or {}), limits=counted)
    house.sleep = Patient(house.clock).sleep
    with serving([made]) as address:
        house.settings.platform_gateway = address
        yield made


def connect(house, scope, standin, *, reports=None, history=90, attributions=()):
    """A connection with all accounts that the stand-in has, and its first report unless others are named; its first
    sync is under way.
    """
    with house.work(scope) as work:
        made = connections.create(work, data_source=standin.data_source, label="Shop", entered=standin.secrets)
        connection_id = made.id
    health = connections.test(house, open_work=opener(house, scope), connection_id=connection_id)
    assert health.state == "healthy", health
    with house.work(scope) as work:
        connections.choose(
            work, connection_id=connection_id, accounts=health.accounts, history=history, attributions=attributions,
            reports=reports or [first_report(standin)],
        )  # fmt: skip
        run = runs.start(work, connection_id=connection_id)
        return connection_id, run.id


def opener(house, scope):
    """Opens transactions of this person."""
    return Door(house=house, scope=scope, is_local=True).work


def work_off(house, scope, *, until=None):
    """Run the waiting tasks as the worker would, moving the clock on where all have to wait; ends when none is left.

    `until`: called after each task; where it is true, the rest is left undone.
    """
    for _ in range(ROUNDS):
        with house.work(scope) as work:
            waiting = text("SELECT id, kind FROM tasks WHERE state IN ('queued', 'running') ORDER BY id")
            tasks = work.session.execute(waiting).all()
            is_idle = all(task.kind == runs.SYNC for task in tasks) and next_try(work)
        if not tasks or (until and until()):
            return
        if is_idle and is_idle > house.clock():
            house.clock.advance(seconds=(is_idle - house.clock()).total_seconds())
        with house.clock.working() if isinstance(house.clock, Deadly) else nullcontext():
            run_task(house, scope.tenant_id, tasks[0].id)
    raise AssertionError("the tasks never end")


def next_try(work):
    """When the next slice is due, where every open one has to wait."""
    times = (
        work.session.execute(
            select(SyncSlice.next_try_at)
            .join(SyncRun, SyncRun.id == SyncSlice.run_id)
            .where(SyncSlice.state.in_(("queued", "waiting")), SyncRun.state == "running")
        )
        .scalars()
        .all()
    )
    return min(times) if times and all(times) else None


def slices(house, scope, run_id):
    """The run's slices."""
    with house.work(scope) as work:
        return work.session.scalars(select(SyncSlice).where(SyncSlice.run_id == run_id).order_by(SyncSlice.place)).all()


def first_report(standin):
    """The name of the platform's first report."""
    return CONNECTORS[standin.data_source].reports[0].name


def stored(house, scope, standin, report=None, window=""):
    """A row's key -> figures, as the warehouse has them in a report; in the first one unless another is named.

    `window`: of rows that were asked for under it; without one, of those that were not. A day that is told without a
    single figure is one without delivery.
    """
    report = report or first_report(standin)
    with house.work(scope) as work:
        table = work.warehouse.table("facts")
        rows = work.warehouse.to_arrow(
            table.filter((table.data_source == standin.data_source) & (table.report == report))
        ).to_pylist()
    found = {}
    for row in rows:
        if asked_under(row["attribution"]) != window:
            continue
        key = tuple(row[name] for name in KEY)
        assert key not in found, f"twice: {row}"
        found[key] = {name: row[name] for name in standin.tells_of(report)}
    return told(found)


def asked_under(attribution):
    """The window that a row was asked for under; '' where it was for none."""
    return attribution.removeprefix(ASKED) if attribution.startswith(ASKED) else ""


def told(rows):
    """Rows that have a figure at all."""
    return {key: figures for key, figures in rows.items() if any(value is not None for value in figures.values())}


def known(standin, first, last, report=None):
    """The same, as the stand-in knows it."""
    return told(standin.known_rows(first, last, report or first_report(standin)))


def exactly(one):
    """Figures that can be compared: money as Decimal, counts as numbers."""
    return {
        key: {name: Decimal(str(value)) if value is not None else None for name, value in figures.items()}
        for key, figures in one.items()
    }


def batches_of(house, scope):
    """Every batch that came, in order."""
    with house.work(scope) as work:
        return work.session.scalars(select(Batch).order_by(Batch.seq)).all()


def aside(house, scope, batch):
    """Why a batch failed, or its first rows that were set aside."""
    with house.work(scope) as work:
        return batch.error or service.quarantine(work, batch_id=batch.id, limit=3, offset=0)
