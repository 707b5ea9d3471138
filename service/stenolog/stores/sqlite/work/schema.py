"""Declare the tables of `work.db`: pending deliveries, without customers' addresses and secrets.

The books of named consumers are beside them (`consumer_tables`).

`lanes` and `tenants` say when something of a lane, and of a tenant, is due next. Triggers keep
them, so that what can go is found without a look at what cannot, however much of that there is
(DECISIONS 96). What waits for the views is indexed apart, and the pending deliveries of a tenant
are counted, so that their limits cost no look at them.
"""

from stenolog.stores.sqlite.file.identity import WORK_KIND
from stenolog.stores.sqlite.file.schema import Schema
from stenolog.stores.sqlite.work.consumer_tables import CONSUMERS

WORK = Schema(
    name="work.db",
    application_id=WORK_KIND,
    synchronous="FULL",
    mending="move work.db and what stands beside it away: deliveries that were pending are lost",
    steps=(
        """
        CREATE TABLE checkpoints (
            reader TEXT PRIMARY KEY,
            position INTEGER NOT NULL,
            event_id TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE outbox (
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            stream TEXT NOT NULL,
            tenant TEXT NOT NULL,
            lane TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL,
            due_at_ms INTEGER NOT NULL,
            lease INTEGER NOT NULL DEFAULT 0,
            leased INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            faults INTEGER NOT NULL DEFAULT 0,
            status INTEGER,
            ended INTEGER NOT NULL DEFAULT 0,
            reason TEXT,
            awaits_views INTEGER NOT NULL DEFAULT 0,
            waits_since_ms INTEGER,
            PRIMARY KEY (position, kind)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX outbox_by_lane ON outbox (tenant, lane, due_at_ms);
        CREATE INDEX outbox_awaiting ON outbox (position) WHERE awaits_views = 1;
        CREATE INDEX outbox_awaiting_by_stream ON outbox (stream) WHERE awaits_views = 1;
        CREATE TABLE attempts (
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            number INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            took_ms INTEGER NOT NULL,
            status INTEGER,
            outcome TEXT NOT NULL,
            PRIMARY KEY (position, kind, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX attempts_by_age ON attempts (at_ms);
        CREATE TABLE lanes (
            tenant TEXT NOT NULL,
            lane TEXT NOT NULL,
            due_at_ms INTEGER NOT NULL,
            failing_since_ms INTEGER,
            PRIMARY KEY (tenant, lane)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX lanes_due ON lanes (tenant, due_at_ms);
        CREATE TABLE tenants (
            tenant TEXT PRIMARY KEY,
            due_at_ms INTEGER NOT NULL,
            pending INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tenants_due ON tenants (due_at_ms);
        CREATE TRIGGER outbox_added AFTER INSERT ON outbox BEGIN
            INSERT INTO lanes (tenant, lane, due_at_ms)
                VALUES (new.tenant, new.lane, new.due_at_ms)
                ON CONFLICT DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms);
            INSERT INTO tenants (tenant, due_at_ms, pending) VALUES (new.tenant, new.due_at_ms, 1)
                ON CONFLICT DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms),
                    pending = pending + 1;
        END;
        CREATE TRIGGER outbox_moved AFTER UPDATE OF due_at_ms ON outbox BEGIN
            UPDATE lanes SET due_at_ms = (
                SELECT min(due_at_ms) FROM outbox WHERE tenant = new.tenant AND lane = new.lane
            ) WHERE tenant = new.tenant AND lane = new.lane;
            UPDATE tenants SET due_at_ms = (
                SELECT min(due_at_ms) FROM lanes WHERE tenant = new.tenant
            ) WHERE tenant = new.tenant;
        END;
        CREATE TRIGGER outbox_counted AFTER DELETE ON outbox BEGIN
            UPDATE tenants SET pending = pending - 1 WHERE tenant = old.tenant;
        END;
        CREATE TRIGGER outbox_removed AFTER DELETE ON outbox BEGIN
            DELETE FROM lanes WHERE tenant = old.tenant AND lane = old.lane AND NOT EXISTS (
                SELECT 1 FROM outbox WHERE tenant = old.tenant AND lane = old.lane
            );
            UPDATE lanes SET due_at_ms = (
                SELECT min(due_at_ms) FROM outbox WHERE tenant = old.tenant AND lane = old.lane
            ) WHERE tenant = old.tenant AND lane = old.lane;
            DELETE FROM tenants WHERE tenant = old.tenant AND NOT EXISTS (
                SELECT 1 FROM lanes WHERE tenant = old.tenant
            );
            UPDATE tenants SET due_at_ms = (
                SELECT min(due_at_ms) FROM lanes WHERE tenant = old.tenant
            ) WHERE tenant = old.tenant;
        END
        """,
        CONSUMERS,
    ),
)
