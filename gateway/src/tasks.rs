//! Background tasks that end together: those of one cluster, or of one set of issuers.
use std::sync::Mutex;

use tokio::task::AbortHandle;

/// Tasks of the control runtime. They end when they are told to, or when this value goes.
#[derive(Debug, Default)]
pub(crate) struct Tasks(Mutex<Vec<AbortHandle>>);

impl Tasks {
    /// Starts one more on the current runtime.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handles().push(tokio::spawn(task).abort_handle());
    }

    /// Ends all of them.
    pub(crate) fn end(&self) {
        self.handles().drain(..).for_each(|task| task.abort());
    }

    fn handles(&self) -> std::sync::MutexGuard<'_, Vec<AbortHandle>> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.end();
    }
}
