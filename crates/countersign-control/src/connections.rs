//! The connections of a listener: how many there may be, and for how long one may hold its place doing nothing.
//!
//! ```text
//! waiting ──first byte of a head──▶ sending its head ──head complete──▶ being answered ──▶ waiting …
//! 75 s                              15 s in all                          see body.rs
//! ```
//!
//! Every place taken and somebody at the door: of those that are not being answered, the one that has been so for the
//! longest goes. A stranger who opens connections and says nothing, or little, thus gets in nobody's way but their own.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// How many connections a listener holds unless the operator says otherwise.
pub const DEFAULT_CONNECTIONS: usize = 16 * 1024;
/// A head that is no longer than this, in bytes, needs no leave.
const USUAL_HEAD: usize = 16 * 1024;
/// How many heads may be longer at one time.
const LONG_HEADS: usize = 512;
/// How much is taken from the network at once. hyper's buffers grow with what they are given, and do not shrink.
const READ_AT_ONCE: usize = 4 * 1024;

/// The connections of one listener.
#[derive(Clone, Debug)]
pub struct Connections {
    places: Arc<Semaphore>,
    long_heads: Arc<Semaphore>,
    /// Those that are not being answered wait for it, in the order in which they began to.
    leave: Arc<Notify>,
    patience: Patience,
}

/// For how long what is waited for.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// The first byte of a request.
    idle: Duration,
    /// The rest of its head.
    head: Duration,
    /// The client, to take some of an answer.
    write: Duration,
}

/// The right to hold one connection.
#[derive(Debug)]
pub(crate) struct Place(#[expect(dead_code, reason = "it is given back when dropped")] OwnedSemaphorePermit);

/// A connection's stream, held to its limits.
pub(crate) struct Guarded<S> {
    stream: S,
    connections: Connections,
    turns: Arc<AtomicU64>,
    /// The turn at the last look.
    seen: u64,
    state: Waiting,
    /// One timer for what is read and one for what is written, made when first needed.
    reading: Timer,
    writing: Timer,
    long_head: Option<OwnedSemaphorePermit>,
    told_to_leave: Option<Pin<Box<OwnedNotified>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// A request is being answered.
    Not,
    ForRequest,
    /// So many bytes of the head have come.
    ForHead(usize),
}

/// Tells a connection when its request is being answered. It counts: an odd number, while one is. What was answered
/// between two looks shows, too.
#[derive(Clone, Debug)]
pub(crate) struct Turn(Arc<AtomicU64>);

/// A request is being answered until this is dropped.
#[derive(Debug)]
pub(crate) struct Answering(Arc<AtomicU64>);

impl Connections {
    /// Room for so many connections, one at least.
    pub fn new(most: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))),
            long_heads: Arc::new(Semaphore::new(LONG_HEADS)),
            leave: Arc::new(Notify::new()),
            patience: Patience {
                idle: Duration::from_secs(75),
                head: Duration::from_secs(15),
                write: Duration::from_secs(30),
            },
        }
    }

    /// Waits for room for one more. Where there is none, a connection that is not being answered is told to leave.
    pub(crate) async fn place(&self) -> Place {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Place(place);
        }
        tracing::debug!("every connection is taken: the one that has been idle for the longest is closed");
        self.leave.notify_one();
        loop {
            // It is never closed, so this does not fail.
            if let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
                return Place(place);
            }
        }
    }

    /// Holds a stream to its limits. The stream is one whose handshake, if it has any, is done.
    pub(crate) fn guard<S>(&self, stream: S) -> Guarded<S> {
        Guarded {
            stream,
            connections: self.clone(),
            turns: Arc::default(),
            seen: 0,
            state: Waiting::Not,
            reading: Timer::default(),
            writing: Timer::default(),
            long_head: None,
            told_to_leave: None,
        }
    }
}

impl Turn {
    pub(crate) fn begin(&self) -> Answering {
        self.0.fetch_add(1, Ordering::Relaxed);
        Answering(Arc::clone(&self.0))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl<S> Guarded<S> {
    pub(crate) fn turn(&self) -> Turn {
        Turn(Arc::clone(&self.turns))
    }

    /// Notes how things stand before each read.
    fn look(&mut self) {
        let turn = self.turns.load(Ordering::Relaxed);
        if turn % 2 == 1 {
            self.state = Waiting::Not;
            self.told_to_leave = None;
        } else if self.state == Waiting::Not || turn != self.seen {
            self.state = Waiting::ForRequest;
            self.long_head = None;
            self.reading.set(self.connections.patience.idle);
            self.told_to_leave = Some(Box::pin(Arc::clone(&self.connections.leave).notified_owned()));
        }
        self.seen = turn;
    }

    /// Notes that bytes came.
    fn took(&mut self, bytes: usize) -> io::Result<()> {
        let head = match self.state {
            Waiting::Not => return Ok(()),
            Waiting::ForRequest => {
                self.reading.set(self.connections.patience.head);
                bytes
            }
            Waiting::ForHead(before) => before + bytes,
        };
        self.state = Waiting::ForHead(head);
        if head > USUAL_HEAD && self.long_head.is_none() {
            let leave = Arc::clone(&self.connections.long_heads).try_acquire_owned();
            self.long_head = Some(leave.map_err(|_| io::Error::other("too many long heads at once"))?);
        }
        Ok(())
    }

    /// Nothing came: is it time to go? To the reader, an idle connection that must go has come to its end.
    fn stays(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state == Waiting::Not {
            return Poll::Pending;
        }
        let told = self.told_to_leave.as_mut().is_some_and(|told| told.as_mut().poll(context).is_ready());
        if !told {
            ready!(self.reading.poll(context));
        }
        self.told_to_leave = None;
        match self.state {
            Waiting::ForHead(_) if !told => {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the head did not come in time")))
            }
            _ => Poll::Ready(Ok(())),
        }
    }

    /// A write that waits for the client does so only for a while.
    fn written<T>(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.writing.clear();
            return outcome;
        }
        self.writing.set_if_clear(self.connections.patience.write);
        ready!(self.writing.poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the answer was not taken in time")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.look();
        // By way of the stack: as long as nothing comes, hyper's buffer is not touched, and takes up no memory.
        let mut room = [const { MaybeUninit::uninit() }; READ_AT_ONCE];
        let (room, _) = room.split_at_mut(buffer.remaining().min(READ_AT_ONCE));
        let mut part = ReadBuf::uninit(room);
        match Pin::new(&mut this.stream).poll_read(context, &mut part) {
            Poll::Ready(outcome) => {
                let bytes = part.filled().len();
                buffer.put_slice(part.filled());
                Poll::Ready(outcome.and_then(|()| if bytes == 0 { Ok(()) } else { this.took(bytes) }))
            }
            Poll::Pending => this.stays(context),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.written(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.written(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(context);
        self.written(context, outcome)
    }
}

/// A timer that is made when first set, and then moved.
#[derive(Default)]
struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    set: bool,
}

impl Timer {
    fn set(&mut self, after: Duration) {
        self.set = true;
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(Instant::now() + after),
            None => self.sleep = Some(Box::pin(sleep(after))),
        }
    }

    fn set_if_clear(&mut self, after: Duration) {
        if !self.set {
            self.set(after);
        }
    }

    fn clear(&mut self) {
        self.set = false;
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.sleep {
            Some(sleep) if self.set => sleep.as_mut().poll(context),
            _ => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(30);
    const LONG: Duration = Duration::from_secs(60);

    fn connections(most: usize, idle: Duration, head: Duration, write: Duration) -> Connections {
        Connections { patience: Patience { idle, head, write }, ..Connections::new(most) }
    }

    async fn read<S: AsyncRead + Unpin>(stream: &mut Guarded<S>) -> Result<usize, io::ErrorKind> {
        let mut bytes = [0; 64 * 1024];
        let read = timeout(Duration::from_secs(10), stream.read(&mut bytes)).await;
        read.expect("it waits for ever").map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn who_says_nothing_and_who_does_not_finish_are_let_go() {
        let (_client, stream) = duplex(1024);
        let mut server = connections(9, SHORT, LONG, LONG).guard(stream);
        assert_eq!(read(&mut server).await, Ok(0), "an idle connection ends");

        let (mut client, stream) = duplex(1024);
        let mut server = connections(9, LONG, SHORT, LONG).guard(stream);
        client.write_all(b"GET").await.unwrap();
        assert_eq!(read(&mut server).await, Ok(3));
        assert_eq!(read(&mut server).await, Err(io::ErrorKind::TimedOut));
    }

    #[tokio::test]
    async fn a_byte_now_and_then_does_not_make_it_longer() {
        let (mut client, stream) = duplex(1024);
        let mut server = connections(9, LONG, 10 * SHORT, LONG).guard(stream);
        let sender = tokio::spawn(async move {
            while client.write_all(b"x").await.is_ok() {
                tokio::time::sleep(SHORT).await;
            }
        });
        let mut bytes = 0;
        let error = loop {
            match read(&mut server).await {
                Ok(read) => bytes += read,
                Err(error) => break error,
            }
        };
        assert!(error == io::ErrorKind::TimedOut && (2..20).contains(&bytes), "{error}, {bytes} bytes");
        drop(server);
        sender.await.unwrap();
    }

    #[tokio::test]
    async fn while_a_request_is_answered_its_body_may_take_its_time() {
        let (mut client, stream) = duplex(1024);
        let mut server = connections(1, SHORT, SHORT, LONG).guard(stream);
        let answering = server.turn().begin();
        let sender = tokio::spawn(async move {
            tokio::time::sleep(4 * SHORT).await;
            client.write_all(b"body").await.unwrap();
            client
        });
        assert_eq!(read(&mut server).await, Ok(4));
        drop(answering);
        assert_eq!(read(&mut server).await, Ok(0), "now it is idle");
        drop(sender);
    }

    #[tokio::test]
    async fn each_request_has_its_own_time() {
        let (mut client, stream) = duplex(1024);
        let mut server = connections(9, LONG, SHORT, LONG).guard(stream);
        for _ in 0..3 {
            client.write_all(b"a head").await.unwrap();
            assert_eq!(read(&mut server).await, Ok(6));
            // Answered before anything is read again.
            drop(server.turn().begin());
            let more = timeout(3 * SHORT, server.read(&mut [0; 8])).await;
            assert!(more.is_err(), "it is idle, and may be for long: {more:?}");
        }
    }

    #[tokio::test]
    async fn where_all_is_taken_the_longest_idle_makes_room() {
        let connections = connections(3, LONG, LONG, LONG);
        let mut open = Vec::new();
        for name in ["answered", "first", "second"] {
            let place = connections.place().await;
            let (client, stream) = duplex(64);
            let mut server = connections.guard(stream);
            let answering = (name == "answered").then(|| server.turn().begin());
            let end = tokio::spawn(async move {
                let end = server.read(&mut [0; 8]).await.map_err(|error| error.kind());
                drop((place, answering));
                end
            });
            // Each begins to wait before the next.
            tokio::time::sleep(SHORT).await;
            open.push((client, end));
        }
        let _fourth = timeout(LONG, connections.place()).await.unwrap();
        tokio::time::sleep(SHORT).await;
        let left: Vec<bool> = open.iter().map(|(_, end)| end.is_finished()).collect();
        assert_eq!(left, [false, true, false]);
        let _fifth = timeout(LONG, connections.place()).await.unwrap();
        tokio::time::sleep(SHORT).await;
        assert!(open[2].1.is_finished() && !open[0].1.is_finished());
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_is_given_up() {
        let (_client, stream) = duplex(16);
        let mut server = connections(9, LONG, LONG, SHORT).guard(stream);
        let error = timeout(LONG, server.write_all(&[0; 64])).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn only_so_many_heads_may_be_long() {
        let mut connections = connections(9, LONG, LONG, LONG);
        connections.long_heads = Arc::new(Semaphore::new(1));
        let mut held = Vec::new();
        for fits in [true, false] {
            let (mut client, stream) = duplex(64 * 1024);
            let mut server = connections.guard(stream);
            client.write_all(&[b'x'; USUAL_HEAD + 1]).await.unwrap();
            let mut outcome = Ok(0);
            for _ in 0..=USUAL_HEAD / READ_AT_ONCE {
                outcome = read(&mut server).await;
            }
            assert_eq!(outcome.is_ok(), fits, "{outcome:?}");
            held.push((client, server));
        }
    }
}
