from __future__ import annotations

from AutoLabelLib.core.job import Job, Result


def test_every_job_has_an_identifier_of_its_own() -> None:
    assert len({Job("segmentation").id for _ in range(100)}) == 100


def test_jobs_and_results_start_empty() -> None:
    job, result = Job("evaluation"), Result("x")
    assert (job.images, job.labelmaps, dict(job.options)) == ((), (), {})
    assert not job.prompts
    assert (result.labelmaps, result.warnings, dict(result.values)) == ((), (), {})
