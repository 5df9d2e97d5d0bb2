import time
from pathlib import Path

from odoo import api, models
from odoo.tools import SQL, config

from ..adapters import handover_diary
from ..core import handover, state
from ..core.channel import NOT_RECEIVED, Outcome

#: Seconds before anybody asks whether a diary is still needed.
DIARY_AGE = 60


class BillingHandover(models.AbstractModel):
    """Diaries of what is being handed over, for channels with nobody to ask afterwards.

    They lie outside the database, in Odoo's data directory, so that they are there
    after a crash in the middle of a batch; a diary is removed when everything in it is
    settled.
    """

    _name = "billing.handover"
    _description = "Diaries of Handing Over"

    @api.model
    def _open(self, attempts):
        """Begin the diary of a batch, and remove those that nobody needs any more.

        :param attempts: what is going to be handed over, in order, by one worker
        :rtype: adapters.handover_diary.HandoverDiary
        """
        self._sweep()
        diary = handover_diary.HandoverDiary(self._directory(), attempts[0].worker or 0)
        diary.open([attempt.key for attempt in attempts])
        return diary

    @api.model
    def _look_up(self, attempt):
        """Return how far a message came, None when nobody can tell.

        :rtype: core.channel.Outcome | None
        """
        found = handover_diary.look_up(
            self._directory(), attempt.worker or 0, attempt.key
        )
        if found is None:
            return None
        what, answer = found
        if what == handover.ANSWERED:
            return Outcome(**answer)
        if what == handover.UNTOUCHED:
            return Outcome(state.FAILED_SOFT, code=NOT_RECEIVED, address_fault=False)
        return None

    @api.model
    def _directory(self):
        return Path(config["data_dir"]) / "billing_handover" / self.env.cr.dbname

    @api.model
    def _sweep(self):
        directory = self._directory()
        workers = handover_diary.workers(directory, time.time() - DIARY_AGE)
        if not workers:
            return
        self.env["billing.distribution.attempt"].flush_model(["state", "worker"])
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT worker FROM billing_distribution_attempt
                    WHERE state = 'calling' AND worker = ANY(%s)""",
                list(workers),
            )
        )
        handover_diary.remove(directory, workers - {worker for (worker,) in rows})
