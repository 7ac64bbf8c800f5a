//! A page in headless Chromium that is driven by the protocol of its developer tools
//! (Chrome `DevTools` Protocol), over two pipes.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use xshell::cmd;
use xtask::workspace;

/// A page, and the browser that shows it alone. The browser is killed when dropped.
pub(super) struct Page {
    browser: Child,
    commands: File,
    messages: BufReader<File>,
    /// The page among what the browser shows, once it is there.
    session: Option<String>,
    /// The number of the last command.
    last: u64,
    _pipes: TempDir,
}

impl Page {
    /// Starts Chromium with these arguments, and opens an address.
    pub(super) fn open(arguments: &[String], url: &str) -> Result<Self> {
        let pipes = tempfile::tempdir()?;
        let [commands, messages] = ["commands", "messages"].map(|name| pipes.path().join(name));
        let shell = workspace::shell()?;
        cmd!(shell, "mkfifo {commands} {messages}").run()?;
        // A browser that hangs ends. Chromium reads commands from the descriptor 3 and writes messages to 4.
        let script = "exec timeout 120 chromium --remote-debugging-pipe \"$@\" 3<\"$0\" 4>\"${0%/*}/messages\"";
        let mut browser = Command::new("sh");
        browser.args(["-c", script]).arg(&commands).args(arguments).stderr(Stdio::null());
        let browser = browser.spawn()?;
        let mut page = Self {
            browser,
            commands: OpenOptions::new().write(true).open(commands)?,
            messages: BufReader::new(File::open(messages)?),
            session: None,
            last: 0,
            _pipes: pipes,
        };
        let target = page.call("Target.createTarget", &json!({"url": "about:blank"}))?;
        let attach = json!({"targetId": text(&target, "/targetId")?, "flatten": true});
        let attached = page.call("Target.attachToTarget", &attach)?;
        page.session = Some(text(&attached, "/sessionId")?.to_owned());
        page.call("Page.enable", &json!({}))?;
        page.send("Page.navigate", &json!({"url": url}))?;
        page.read_until(|message| message["method"] == "Page.loadEventFired")?;
        Ok(page)
    }

    /// Runs a script, and returns the text that its promise is resolved with.
    pub(super) fn run(&mut self, script: &str) -> Result<String> {
        let script = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        let done = self.call("Runtime.evaluate", &script)?;
        Ok(text(&done, "/result/value")?.to_owned())
    }

    /// Ends the browser, which then writes its log.
    pub(super) fn close(mut self) -> Result<()> {
        self.session = None;
        self.send("Browser.close", &json!({}))?;
        ensure!(self.browser.wait()?.success(), "Chromium does not end");
        Ok(())
    }

    /// Sends a command. Returns its number.
    fn send(&mut self, method: &str, parameters: &Value) -> Result<u64> {
        self.last += 1;
        let id = self.last;
        let command = match &self.session {
            Some(to) => json!({"id": id, "method": method, "params": parameters, "sessionId": to}),
            None => json!({"id": id, "method": method, "params": parameters}),
        };
        self.commands.write_all(format!("{command}\0").as_bytes())?;
        Ok(id)
    }

    /// Sends a command, and returns its result.
    fn call(&mut self, method: &str, parameters: &Value) -> Result<Value> {
        let id = self.send(method, parameters)?;
        let answer = self.read_until(|message| message["id"] == id)?;
        answer.get("result").cloned().with_context(|| format!("{method}: {answer}"))
    }

    /// Reads messages up to the wanted one, and returns it.
    fn read_until(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        loop {
            let mut bytes = Vec::new();
            self.messages.read_until(0, &mut bytes)?;
            let message = bytes.strip_suffix(&[0]).context("Chromium has ended")?;
            let message: Value = serde_json::from_slice(message)?;
            if is_wanted(&message) {
                return Ok(message);
            }
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}

fn text<'v>(message: &'v Value, pointer: &str) -> Result<&'v str> {
    let text = message.pointer(pointer).and_then(Value::as_str);
    text.with_context(|| format!("no {pointer} in {message}"))
}
