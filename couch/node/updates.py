"""The one way by which clients' documents get into a database: checks, validators, then durable rows."""

import asyncio
from collections.abc import Sequence

import msgspec
from aiohttp import web

from couch.node.access import require_admin
from couch.node.accounts import USERS, account_edit, check_account
from couch.node.answers import HttpError
from couch.node.database import Database
from couch.node.design_check import check_design
from couch.node.edits import Edit
from couch.node.keys import CATALOG, ENGINE, SETTINGS, TASKS, USER
from couch.node.locals import local_generation
from couch.node.replicator import document_states
from couch.node.user import UserCtx
from couch.node.writing import Result

REPLICATOR_DATABASE = document_states.DATABASE


async def update_documents(
    request: web.Request, database: Database, edits: Sequence[Edit], *, new_edits: bool
) -> list[Result]:
    """Write documents, each for itself; durable when this returns. Results are in the order of `edits`.

    A caller that goes away does not end it half way.
    """
    task = asyncio.create_task(_update(request, database, edits, new_edits=new_edits))
    tasks = request.app[TASKS]
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return await asyncio.shield(task)


async def _update(
    request: web.Request, database: Database, edits: Sequence[Edit], *, new_edits: bool
) -> list[Result]:
    results: list[Result] = [None] * len(edits)
    locals_: list[int] = []
    normal: list[int] = []
    ready = list(edits)
    for at, edit in enumerate(edits):
        try:
            ready[at] = await _checked(request, database, edit)
        except HttpError as err:
            results[at] = err
            continue
        (locals_ if edit.is_local else normal).append(at)
    async with database.lock:
        if locals_:
            written = await asyncio.to_thread(database.write_locals, [ready[at] for at in locals_])
            results = _placed(results, locals_, written)
        if normal:
            chosen = [ready[at] for at in normal]
            before = database.state.update_seq
            written = await _validated(request, database, chosen, new_edits=new_edits)
            results = _placed(results, normal, written)
            if database.state.update_seq != before:
                database.announce()
                request.app[CATALOG].updates.record(database.name, "updated")
    return results


async def _checked(request: web.Request, database: Database, edit: Edit) -> Edit:
    """The edit as it is to be stored. Raises HttpError where it may not be, whatever stands there."""
    if edit.is_local:
        local_generation(edit)
        return edit
    if edit.is_design:
        require_admin(database.state.security, request[USER])
        if not edit.deleted:
            await check_design(request.app[ENGINE], edit.body)
        return edit
    if database.name == REPLICATOR_DATABASE:
        body = {**edit.body, "_deleted": edit.deleted}
        checked_body = document_states.checked(body, request[USER])
        return edit.with_body({name: value for name, value in checked_body.items() if name != "_deleted"})
    if database.name == USERS:
        check_account(edit)
        return await asyncio.to_thread(account_edit, edit, request.app[SETTINGS].password_iterations)
    return edit


async def _validated(
    request: web.Request, database: Database, edits: Sequence[Edit], *, new_edits: bool
) -> list[Result]:
    validators = await asyncio.to_thread(database.validators)
    judged = [at for at, edit in enumerate(edits) if not edit.is_design] if validators else []
    if not judged:
        return await asyncio.to_thread(database.write, edits, new_edits=new_edits)
    batch = await asyncio.to_thread(database.prepare, edits, new_edits=new_edits)
    judged = [at for at in batch.waiting() if not edits[at].is_design]
    if judged:
        items = await asyncio.to_thread(database.judged_items, batch, judged)
        user: UserCtx = request[USER]
        rejections = await request.app[ENGINE].validate(
            validators, items, user.to_json(database.name), database.state.security
        )
        for at, rejection in zip(judged, rejections, strict=True):
            if rejection is not None:
                reason = rejection.reason
                text = reason if isinstance(reason, str) else msgspec.json.encode(reason).decode()
                batch.refuse(at, HttpError(rejection.status, rejection.kind, text))
    return await asyncio.to_thread(database.commit, batch)


def _placed(results: list[Result], places: Sequence[int], found: Sequence[Result]) -> list[Result]:
    placed = list(results)
    for at, result in zip(places, found, strict=True):
        placed[at] = result
    return placed
