"""Declare the tables of `work.db`: pending deliveries, without customers' addresses and secrets.

The books of named consumers are beside them (`consumer_tables`).

`lanes` and `tenants` say when something of a lane, and of a tenant, is due next. Triggers keep
them, so that what can go is found without a look at what cannot, however much of that there is
(DECISIONS 96). What waits for the views is indexed apart, and the pending deliveries of a tenant
are counted, so that their limits cost no look at them.

An endpoint is a lane of its own, by its id. `endpoints` says before when nothing of it is taken,
how it answers, and how far apart its messages are; `feeds` up to where the log's events were put
into the outbox for it. A `queued` delivery waits for another about the same transcription.
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
            endpoint TEXT NOT NULL DEFAULT '',
            round INTEGER NOT NULL DEFAULT 0,
            previous INTEGER NOT NULL DEFAULT 0,
            queued INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (position, kind, endpoint, round)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX outbox_of_endpoint ON outbox (endpoint, stream, position, round)
            WHERE endpoint <> '';
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
            endpoint TEXT NOT NULL DEFAULT '',
            round INTEGER NOT NULL DEFAULT 0,
            message_id TEXT NOT NULL DEFAULT '',
            retry_at_ms INTEGER,
            answer BLOB NOT NULL DEFAULT x'',
            PRIMARY KEY (position, kind, endpoint, round, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX attempts_of_endpoint ON attempts (endpoint, at_ms) WHERE endpoint <> '';
        CREATE INDEX attempts_by_age ON attempts (at_ms);
        CREATE TABLE lanes (
            tenant TEXT NOT NULL,
            lane TEXT NOT NULL,
            due_at_ms INTEGER NOT NULL,
            failing_since_ms INTEGER,
            PRIMARY KEY (tenant, lane)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX lanes_due ON lanes (tenant, due_at_ms);
        CREATE INDEX lanes_by_name ON lanes (lane);
        CREATE TABLE endpoints (
            lane TEXT PRIMARY KEY,
            pace_ms INTEGER NOT NULL,
            until_ms INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0,
            failed_at_ms INTEGER NOT NULL DEFAULT 0,
            failing_since_ms INTEGER,
            gone_since_ms INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE feeds (
            endpoint TEXT NOT NULL,
            round INTEGER NOT NULL,
            position INTEGER NOT NULL,
            done INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (endpoint, round)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE tenants (
            tenant TEXT PRIMARY KEY,
            due_at_ms INTEGER NOT NULL,
            pending INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tenants_due ON tenants (due_at_ms);
        CREATE TRIGGER outbox_added AFTER INSERT ON outbox BEGIN
            INSERT INTO lanes (tenant, lane, due_at_ms)
                VALUES (new.tenant, new.lane, max(new.due_at_ms, coalesce(
                    (SELECT until_ms FROM endpoints WHERE lane = new.lane), 0)))
                ON CONFLICT DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms);
            INSERT INTO tenants (tenant, due_at_ms, pending)
                SELECT tenant, due_at_ms, 1 FROM lanes
                    WHERE tenant = new.tenant AND lane = new.lane
                ON CONFLICT DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms),
                    pending = pending + 1;
        END;
        CREATE TRIGGER outbox_moved AFTER UPDATE OF due_at_ms ON outbox BEGIN
            UPDATE lanes SET due_at_ms = max(coalesce(
                (SELECT until_ms FROM endpoints WHERE lane = new.lane), 0), (
                SELECT min(due_at_ms) FROM outbox WHERE tenant = new.tenant AND lane = new.lane
            )) WHERE tenant = new.tenant AND lane = new.lane;
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
            UPDATE lanes SET due_at_ms = max(coalesce(
                (SELECT until_ms FROM endpoints WHERE lane = old.lane), 0), (
                SELECT min(due_at_ms) FROM outbox WHERE tenant = old.tenant AND lane = old.lane
            )) WHERE tenant = old.tenant AND lane = old.lane;
            DELETE FROM tenants WHERE tenant = old.tenant AND NOT EXISTS (
                SELECT 1 FROM lanes WHERE tenant = old.tenant
            );
            UPDATE tenants SET due_at_ms = (
                SELECT min(due_at_ms) FROM lanes WHERE tenant = old.tenant
            ) WHERE tenant = old.tenant;
        END;
        CREATE TRIGGER endpoint_held AFTER UPDATE OF until_ms ON endpoints
                WHEN new.until_ms <> old.until_ms BEGIN
            UPDATE lanes SET due_at_ms = max(new.until_ms, (
                SELECT min(due_at_ms) FROM outbox
                    WHERE tenant = lanes.tenant AND lane = lanes.lane
            )) WHERE lane = new.lane;
            UPDATE tenants SET due_at_ms = (
                SELECT min(due_at_ms) FROM lanes WHERE tenant = tenants.tenant
            ) WHERE tenant IN (SELECT tenant FROM lanes WHERE lane = new.lane);
        END
        """,
        CONSUMERS,
    ),
)
