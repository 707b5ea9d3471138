"""One connection: requests are read one at a time, and each is answered before the next is read."""

from __future__ import annotations

import asyncio
from functools import partial

from uvicorn.server import ServerState

from stenolog.bootstrap.http import refusal
from stenolog.bootstrap.http.asgi import ASGIApp, Message
from stenolog.bootstrap.http.connections import Connections
from stenolog.bootstrap.http.exchange import Exchange
from stenolog.bootstrap.http.framing import Framing, Head
from stenolog.bootstrap.http.incoming import Incoming
from stenolog.bootstrap.http.outgoing import Outgoing
from stenolog.bootstrap.http.refusal import Refusal
from stenolog.bootstrap.http.scopes import address_of, refused, scope_of
from stenolog.bootstrap.http.stage import Phase, Stage
from stenolog.edge.http.problems import Failure


class Connection(asyncio.BufferedProtocol):
    """Reads requests, has the application answer them, and ends when it is kept waiting.

    Attributes:
        was_heard: Whether anything that came was parsed.
    """

    def __init__(self, connections: Connections, state: ServerState) -> None:
        """`state` is the server's: its connections, its tasks, and the headers of all answers."""
        self._connections = connections
        self._limits = connections.limits
        self._state = state
        self._framing = Framing(self, self._limits.head_bytes_max)
        self._stage = Stage(self._limits)
        self._exchange: Exchange | None = None
        self.was_heard = False

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request, or say that there are too many connections."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._in = Incoming(transport, self._connections, self)
        self._out = Outgoing(transport, self._limits, self._connections.room.change)
        self._server = address_of(transport.get_extra_info("sockname"))
        self._client = address_of(transport.get_extra_info("peername"))
        self._state.connections.add(self)  # type: ignore[arg-type]  # it calls `shutdown` alone
        if self._connections.enter(self):
            self._wait()
        else:
            self._out.write(refusal.too_many_connections())
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application, and leave nothing behind."""
        self._state.connections.discard(self)
        self._connections.leave(self)
        self._in.close()
        if self._exchange is not None:
            self._exchange.lose()
        self._out.resume()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the memory to read into."""
        return self._in.buffer(large=self._exchange is not None and self._exchange.reads_much)

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was read."""
        self._in.filled(nbytes)
        self._connections.reading.came(self)

    def eof_received(self) -> bool:
        """Answer what was asked whole before the other side ended; else end, too."""
        return self._exchange is not None and self._exchange.hear_no_more()

    def pause_writing(self) -> None:
        """The other side does not take what we send."""
        self._connections.stand(self)
        self._out.pause()

    def resume_writing(self) -> None:
        """It has taken all."""
        self._connections.move(self)
        self._out.resume()
        self.read_on()

    # What the server and the other connections tell.

    def hold(self) -> None:
        """Read no more for now."""
        self._in.settle(may_read=False, held_bytes=self._framing.held_bytes)

    def shutdown(self) -> None:
        """End, after the answer that is under way."""
        if self._stage.phase == "request" and self._exchange is not None:
            self._exchange.finish()
        else:
            self._transport.close()

    def look(self, now: float) -> None:
        """End when something is overdue."""
        if self._out.is_stuck(now):
            self.give_up("answer_unread")
        elif self._stage.is_overdue(now):
            if self._stage.phase in ("idle", "ending") and self._out.is_clear:
                self._transport.close()
            else:
                self.give_up(self._stage.reason)

    def give_up(self, reason: str) -> None:
        """End at once; what was not sent yet is lost."""
        self._connections.closed(self, reason)
        if self._exchange is not None:
            self._exchange.lose()
        self._in.close()
        self._out.break_off(is_midway=self._stage.phase == "request")

    # What the framing and the exchange tell.

    def head(self, head: Head) -> None:
        """A request begins."""
        scope = scope_of(head, self._server, self._client)
        self._connections.admit(self, scope["path"])
        self._begin(head, scope)

    def body(self, piece: bytes) -> None:
        """Some of its body has come."""
        assert self._exchange is not None
        if self._stage.phase == "request":
            self._exchange.take(piece)
        else:
            self._stage.dropped_bytes += len(piece)

    def end(self) -> None:
        """The request is whole."""
        assert self._exchange is not None
        self._exchange.end()
        if self._stage.phase == "discarding":
            self._wait()

    @property
    def may_skip_body(self) -> bool:
        """Whether so little of the body is left that it can be read in vain."""
        left = self._framing.body_left
        return left is not None and left <= self._limits.discard_bytes_max

    def read_on(self) -> None:
        """Read what has to be waited for no longer."""
        if not self._in.is_idle:
            is_ahead = self._stage.phase != "request"
            self._connections.reading.later(self, is_ahead=is_ahead)

    def answered(self) -> None:
        """Go on with what follows the answer."""
        self._state.total_requests += 1
        exchange = self._exchange
        assert exchange is not None
        is_whole = exchange.body.is_whole and not self._stage.is_refused
        if exchange.keep_alive and is_whole:
            self._wait()
        elif exchange.keep_alive:
            self._drop("discarding")
        elif is_whole and not self._in.ahead_bytes:
            self._transport.close()
        else:
            self._linger()

    def parse(self, pieces_max: int) -> int:
        """Parse what has come, as far as it is its turn; return how many pieces it were."""
        self.was_heard = True
        pieces = 0
        while self._in.ahead_bytes and not self._transport.is_closing():
            if not self._stage.may_parse(self._exchange, self._out):
                break
            if pieces == pieces_max:
                self.read_on()
                break
            pieces += 1
            if self._stage.phase == "ending":
                self._stage.dropped_bytes += self._in.ahead_bytes
                self._in.drop()
            else:
                self._read_piece()
            if self._stage.has_dropped_too_much:
                self._connections.closed(self, "body_unread")
                self._transport.close()
        if self._transport.is_closing():
            self._in.close()
        else:
            may_read = self._stage.may_read(self._exchange, self._out)
            self._in.settle(may_read=may_read, held_bytes=self._framing.held_bytes)
        return pieces

    def _read_piece(self) -> None:
        before = self._exchange
        try:
            self._in.parsed(self._framing.take(self._in.read, self._in.start))
        except Refusal as exc:
            self._refuse(exc.failure)
            return
        if self._exchange is not None and self._exchange is not before:
            self._start(self._exchange, self._connections.app)
        if self._stage.phase == "idle" and self._framing.in_head:
            self._stage.begin("head")

    def _refuse(self, failure: Failure) -> None:
        """Answer once; nothing is read as a request any more, and nothing kept of what was."""
        self._in.drop()
        target, self._framing = self._framing.target, Framing(self, self._limits.head_bytes_max)
        self._stage.is_refused = True
        if self._exchange is not None:
            self._exchange.lose()
            if self._stage.phase == "discarding" or self._exchange.has_started:
                self._linger()  # a second answer would be taken for another request's
                return
        head, scope = refused(target, failure, self._server, self._client)
        answering = self._begin(head, scope)
        answering.end()
        self._start(answering, self._connections.refusing)

    def _start(self, exchange: Exchange, app: ASGIApp) -> None:
        start, left = partial(exchange.start, app, self._state.tasks), self._framing.body_left
        is_ahead = left is not None and self._in.ahead_bytes > left
        self._connections.begin(start, path=exchange.path, is_ahead=is_ahead)

    def _begin(self, head: Head, scope: Message) -> Exchange:
        exchange = Exchange(self, self._out, scope, head, headers=self._state.default_headers)
        self._exchange = exchange
        self._stage.begin("request")
        self._connections.work(self)
        return exchange

    def _wait(self) -> None:
        self._exchange = None
        self._stage.begin("idle")
        self._connections.wait(self)
        self.read_on()

    def _linger(self) -> None:
        """Say that no more comes: closed with bytes unread, it would be reset under the answer."""
        self._drop("ending")
        self._out.end()

    def _drop(self, phase: Phase) -> None:
        self._stage.begin(phase)
        self._connections.end(self)
        self.read_on()
