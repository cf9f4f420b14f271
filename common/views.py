"""Health checks and the error pages."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from common.problems import Problem
from common.problems import render as render_problem


def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that the process answers; asks nobody else."""
    return JsonResponse({"status": "ok"})


def readyz(_request: HttpRequest) -> HttpResponse:
    """Say whether requests can be served: database reachable, schema in place."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return JsonResponse({"status": "database unreachable"}, status=503)
    if waiting:
        return JsonResponse({"status": "migrations waiting"}, status=503)
    return JsonResponse({"status": "ready"})


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    if _is_api(request):
        problem = Problem(
            status=400, code="bad_request", title=_("The request is not readable.")
        )
        return render_problem(problem, request)
    return render(request, "errors/400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    if _is_api(request):
        problem = Problem(status=403, code="forbidden", title=_("Not allowed."))
        return render_problem(problem, request)
    return render(request, "errors/403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 when a form's security token is missing or has aged."""
    return render(request, "errors/csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    if _is_api(request):
        problem = Problem(status=404, code="not_found", title=_("Not found."))
        return render_problem(problem, request)
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 with the request's id, so that it can be found in the logs."""
    if _is_api(request):
        problem = Problem(
            status=500,
            code="server_error",
            title=_("Something went wrong on our side."),
            detail=_("Nothing was changed. Send the same request again."),
        )
        return render_problem(problem, request)
    return render(request, "errors/500.html", status=500)
