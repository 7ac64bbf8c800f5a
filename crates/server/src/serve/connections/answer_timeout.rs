//! A connection whose client has to take its answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use contacts_adapters_http::StillSending;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;

/// Fails if the client takes nothing of its answer in that time, unless it is still sending a stream:
/// many clients send everything before they read anything.
pub(super) struct AnswerTimeout {
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    time: Duration,
    still_sending: StillSending,
}

impl AnswerTimeout {
    pub(super) fn new(stream: TcpStream, time: Duration, still_sending: StillSending) -> Self {
        let mut stream = Box::pin(TimeoutStream::new(stream));
        stream.as_mut().set_write_timeout_pinned(Some(time));
        Self { stream, time, still_sending }
    }

    /// Writes, and begins to wait anew where the client may leave its answer unread.
    fn write<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl Fn(Pin<&mut TimeoutStream<TcpStream>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match write(self.stream.as_mut(), context) {
            Poll::Ready(Err(error))
                if error.kind() == io::ErrorKind::TimedOut && self.still_sending.is_set() =>
            {
                self.stream.as_mut().set_write_timeout_pinned(Some(self.time));
                write(self.stream.as_mut(), context)
            }
            written => written,
        }
    }
}

impl AsyncRead for AnswerTimeout {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(context, buffer)
    }
}

impl AsyncWrite for AnswerTimeout {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(context, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(context, AsyncWrite::poll_shutdown)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn client_still_sending_may_leave_its_answer_unread() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let still_sending = StillSending::default();
        let mut stream = AnswerTimeout::new(accepted, SHORT, still_sending.clone());
        let answer = vec![b'x'; 64 << 20];

        still_sending.set(true);
        let written = timeout(5 * SHORT, stream.write_all(&answer)).await;
        assert!(written.is_err(), "it waits for the client");
        still_sending.set(false);
        let error = stream.write_all(&answer).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(client);
    }
}
