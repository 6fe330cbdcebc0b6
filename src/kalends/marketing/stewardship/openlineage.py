"""Batches as OpenLineage events, for catalogues such as Marquez, DataHub or OpenMetadata. Pure.

Structure: OpenLineage 2-0-2, RunEvent (https://openlineage.io/spec/2-0-2/OpenLineage.json), and the facets named below.
A batch is a run of the job that reads its source; its input is the payload, its output the facts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from kalends.base.version import __version__
from kalends.marketing.models import Batch
from kalends.marketing.records import FACT_SCHEMA, METRICS

SPEC: Final = "https://openlineage.io/spec"
EVENT: Final = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
PRODUCER: Final = f"urn:kalends:{__version__}"
STATES: Final = {"landed": "START", "applying": "RUNNING", "published": "COMPLETE", "failed": "FAIL"}


def event_of(batch: Batch) -> dict[str, Any]:
    """The RunEvent that says how far the batch is, as JSON-able values."""
    at = batch.published_at or batch.received_at
    return {
        "eventType": STATES[batch.state],
        "eventTime": at.isoformat(),
        "producer": PRODUCER,
        "schemaURL": EVENT,
        "run": {"runId": str(batch.id), "facets": _run_facets(batch)},
        "job": {"namespace": _namespace(batch), "name": f"{batch.kind}.{batch.data_source}", "facets": _job_facets()},
        "inputs": [_payload(batch)] if batch.file_id is not None or batch.sha256 else [],
        "outputs": [_facts(batch)] if batch.state == "published" else [],
    }


def facet(name: str, version: str, **content: Any) -> dict[str, Any]:
    """A facet of the specification, with what every facet must say of itself."""
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{version}/{name}.json#/$defs/{name}"} | content


def _namespace(batch: Batch) -> str:
    return f"kalends://{batch.tenant_id}"


def _run_facets(batch: Batch) -> dict[str, Any]:
    told = {"nominalTime": facet("NominalTimeRunFacet", "1-0-1", nominalStartTime=batch.reported_at.isoformat())}
    if batch.error is not None:
        message = str(batch.error.get("detail") or batch.error.get("title") or batch.error.get("code"))
        told["errorMessage"] = facet("ErrorMessageRunFacet", "1-0-1", message=message, programmingLanguage="python")
    return told


def _job_facets() -> dict[str, Any]:
    kind = {"processingType": "BATCH", "integration": "KALENDS", "jobType": "INGEST"}
    return {"jobType": facet("JobTypeJobFacet", "2-0-3", **kind)}


def _payload(batch: Batch) -> dict[str, Any]:
    """The payload as it came: its columns, its size, and the control totals of what could be read."""
    report = batch.report or {}
    columns = [*(report.get("columns") or {}), *(report.get("new_columns") or [])]
    quality = {"rowCount": batch.received or 0, "bytes": batch.size, "fileCount": 1, "columnMetrics": _sums(report)}
    return {
        "namespace": f"{_namespace(batch)}/files",
        "name": _file(batch),
        "facets": {
            "schema": facet("SchemaDatasetFacet", "1-1-1", fields=[{"name": name} for name in dict.fromkeys(columns)])
        },
        "inputFacets": {"dataQualityMetrics": facet("DataQualityMetricsInputDatasetFacet", "1-0-2", **quality)},
    }


def _file(batch: Batch) -> str:
    return str(batch.file_id or batch.sha256)


def _sums(report: dict[str, Any]) -> dict[str, Any]:
    """Per metric how much the file says in all; what no row has is left out."""
    sums: dict[str, Decimal] = {}
    for total in report.get("reports", []):
        for metric in METRICS:
            if total.get(metric) is not None:
                sums[metric] = sums.get(metric, Decimal()) + Decimal(str(total[metric]))
    return {metric: {"sum": float(amount)} for metric, amount in sums.items()}


def _facts(batch: Batch) -> dict[str, Any]:
    report = batch.report or {}
    fields = [{"name": name, "type": str(kind.copy(nullable=True))} for name, kind in FACT_SCHEMA.items()]
    return {
        "namespace": _namespace(batch),
        "name": "facts",
        "facets": {
            "schema": facet("SchemaDatasetFacet", "1-1-1", fields=fields),
            "version": facet("DatasetVersionDatasetFacet", "1-0-1", datasetVersion=str(batch.seq)),
            "columnLineage": facet("ColumnLineageDatasetFacet", "1-0-1", fields=_column_lineage(batch, report)),
        },
        "outputFacets": {
            "outputStatistics": facet("OutputStatisticsOutputDatasetFacet", "1-0-2", rowCount=batch.loaded or 0)
        },
    }


def _column_lineage(batch: Batch, report: dict[str, Any]) -> dict[str, Any]:
    """Which raw columns each column of a fact was read from."""
    found: dict[str, list[dict[str, str]]] = {}
    for raw, target in (report.get("columns") or {}).items():
        if target in FACT_SCHEMA:
            origin = {"namespace": f"{_namespace(batch)}/files", "name": _file(batch), "field": raw}
            found.setdefault(target, []).append(origin)
    return {target: {"inputFields": origins} for target, origins in found.items()}
