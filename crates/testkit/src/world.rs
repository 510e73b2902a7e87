//! A Kumoi of its own: `kumoi up --only village` in a folder of its own on free ports.
//!
//! Ends with the test process however that ends: a watcher outside it waits for our end, stops the
//! program and removes the folder. It never touches another Kumoi on the machine.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::process::{self, Process};

/// How long the first start may take on a loaded machine.
const FIRST_START: Duration = Duration::from_secs(120);

/// Stops what the lock file names, waits, kills, and removes the folder.
const WATCH: &str = r#"
cat > /dev/null
p=$(cat "$1/var/lock" 2>/dev/null)
is_ours() { [ -n "$p" ] && [ "$(cat "/proc/$p/comm" 2>/dev/null)" = kumoi ]; }
is_ours && kill -TERM "$p"
n=0
while is_ours && [ $n -lt 150 ]; do sleep 0.1; n=$((n + 1)); done
is_ours && kill -KILL "$p"
rm -rf "$1"
"#;

/// The ports of the zones and of the sample authenticator.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// 個人番号利用事務系.
    pub office: u16,
    /// LGWAN接続系.
    pub lgwan: u16,
    /// インターネット接続系.
    pub internet: u16,
    /// 見本の認証アプリ.
    pub authenticator: u16,
}

impl Ports {
    /// Four free ports below the range that the system takes its own from.
    pub fn free() -> Ports {
        let [office, lgwan, internet, authenticator] = std::array::from_fn(|_| port_free());
        Ports { office, lgwan, internet, authenticator }
    }

    fn words(self) -> [String; 8] {
        [
            "--office-port".to_owned(),
            self.office.to_string(),
            "--lgwan-port".to_owned(),
            self.lgwan.to_string(),
            "--internet-port".to_owned(),
            self.internet.to_string(),
            "--authenticator-port".to_owned(),
            self.authenticator.to_string(),
        ]
    }
}

/// A port that nobody listens on, below the range that the system takes its own from. It is given
/// to no other process of tests while this one lives, although nobody may listen on it for long.
pub fn port_free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 1000).unwrap_or_default();
    loop {
        let port = 20_000 + (own * 12 + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if claim(port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Claims a port among the processes of tests by the lock of a file, held until this process ends;
/// true too where no such file can be had.
fn claim(port: u16) -> bool {
    static CLAIMS: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let folder = std::env::temp_dir().join("kumoi-test-ports");
    let _ = fs::create_dir_all(&folder);
    let path = folder.join(port.to_string());
    let Ok(file) = File::options().create(true).append(true).open(path) else { return true };
    let free = file.try_lock().is_ok();
    if free {
        CLAIMS.lock().expect("no panic while it was held").push(file);
    }
    free
}

/// A running (or killed) Kumoi.
pub struct World {
    program: PathBuf,
    folder: PathBuf,
    /// Where it listens.
    pub ports: Ports,
    /// The folder of the business systems; those built in when there is none.
    pub systems: Option<PathBuf>,
    /// The kinds of sample bodies that it opens.
    only: &'static str,
    child: Option<Child>,
    _watcher: (Child, ChildStdin),
}

impl World {
    /// Starts a new one in a new folder and returns when every zone answers.
    ///
    /// # Panics
    /// With the program's own words when it does not start.
    #[track_caller]
    pub fn start(program: &str, name: &str) -> World {
        World::start_with(program, name, "village")
    }

    /// The same with sample bodies of these kinds (`village,city`).
    ///
    /// # Panics
    /// As [`World::start`].
    #[track_caller]
    pub fn start_with(program: &str, name: &str, only: &'static str) -> World {
        let place =
            std::env::var_os("KUMOI_TEST_FOLDER").map_or_else(std::env::temp_dir, Into::into);
        let folder = place.join(format!("kumoi-test-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("the test folder");
        // As root the zones run as other users and must pass through.
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("the test folder");
        let mut watcher = Command::new("sh")
            .args(["-c", WATCH, "sh"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("the watcher");
        let line = watcher.stdin.take().expect("the watcher's input");
        // A link of our own: a build that replaces the program in the meantime changes nothing.
        let own = folder.join("kumoi");
        if fs::hard_link(program, &own).is_err() {
            fs::copy(program, &own).expect("a copy of the program");
        }
        let mut world = World {
            program: own,
            folder,
            ports: Ports::free(),
            systems: None,
            only,
            child: None,
            _watcher: (watcher, line),
        };
        world.up();
        world
    }

    /// The folder with the data.
    pub fn var(&self) -> PathBuf {
        self.folder.join("var")
    }

    /// An address of the office zone.
    pub fn office(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.ports.office)
    }

    /// An address of the LGWAN zone.
    pub fn lgwan(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.ports.lgwan)
    }

    /// An address of the internet zone.
    pub fn internet(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.ports.internet)
    }

    /// Starts it again (or for the first time); how long it took until every zone answered.
    ///
    /// # Panics
    /// When it ends or stays silent.
    #[track_caller]
    pub fn up(&mut self) -> Duration {
        let begin = Instant::now();
        let log = File::options().create(true).append(true).open(self.log()).expect("the log");
        let child = self
            .command(&self.var(), self.ports)
            .stdout(log.try_clone().expect("the log"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("kumoi up");
        let child = self.child.insert(child);
        let doors = [self.ports.office, self.ports.lgwan, self.ports.internet];
        let mut ended = None;
        let ready = process::wait_until(FIRST_START, || {
            ended = child.try_wait().expect("the program's state");
            ended.is_some() || doors.into_iter().all(healthy)
        });
        let words = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        assert!(ready && ended.is_none(), "kumoi up: {ended:?}\n{}", words());
        begin.elapsed()
    }

    /// The command that starts Kumoi with this data on these ports.
    pub fn command(&self, var: &Path, ports: Ports) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["up", "--only", self.only, "--mesh-port", "0", "--var"]);
        command.arg(var).args(ports.words());
        if let Some(systems) = &self.systems {
            command.arg("--systems").arg(systems);
        }
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// The node of the mesh with this number.
    ///
    /// # Panics
    /// When it does not run.
    pub fn node(&self, number: u8) -> Process {
        let file = format!("/node-{number}/node.json");
        let is = |one: &Process| one.words.iter().any(|word| word.ends_with(&file));
        self.processes().into_iter().find(is).unwrap_or_else(|| panic!("no node {number}"))
    }

    /// Whether the program runs.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// The program's number.
    ///
    /// # Panics
    /// When it was killed.
    pub fn id(&self) -> i32 {
        let child = self.child.as_ref().expect("Kumoi runs");
        i32::try_from(child.id()).expect("a process number")
    }

    /// The program and everything below it.
    pub fn processes(&self) -> Vec<Process> {
        process::tree(self.id())
    }

    /// The process of a zone: `office`, `lgwan` or `internet`.
    ///
    /// # Panics
    /// When there is none.
    pub fn zone(&self, name: &str) -> Process {
        let is = |one: &Process| one.words.windows(2).any(|pair| pair == ["--zone", name]);
        self.processes().into_iter().find(is).unwrap_or_else(|| panic!("no zone {name}"))
    }

    /// Kills program, zones and database server at once, as a power cut would.
    pub fn kill(&mut self) {
        let mut doomed = self.processes();
        if let Some(server) = self.server() {
            let known: Vec<i32> = doomed.iter().map(|one| one.id).collect();
            doomed.extend(process::tree(server).into_iter().filter(|it| !known.contains(&it.id)));
        }
        for one in &doomed {
            process::signal(one.id, libc::SIGKILL);
        }
        if let Some(mut child) = self.child.take() {
            child.wait().expect("the end of the program");
        }
        // What was started while we looked names our folder; what the server started ends with it.
        let left = || {
            let ours = process::naming(&self.folder);
            ours.iter().for_each(|one| process::signal(one.id, libc::SIGKILL));
            let all = process::all().into_iter();
            let doomed = all.filter(|now| doomed.iter().any(|one| one.id == now.id));
            ours.into_iter().chain(doomed).collect::<Vec<Process>>()
        };
        let gone = process::wait_until(Duration::from_secs(30), || left().is_empty());
        assert!(gone, "killed and still there: {:?}", left());
    }

    /// Asks for an orderly end and waits for it; how it ended and how long that took.
    ///
    /// # Panics
    /// When it still runs after a minute.
    pub fn stop(&mut self, signal: i32) -> (ExitStatus, Duration) {
        let begin = Instant::now();
        process::signal(self.id(), signal);
        let mut child = self.child.take().expect("Kumoi runs");
        let mut ended = None;
        process::wait_until(Duration::from_secs(60), || {
            ended = child.try_wait().expect("the program's state");
            ended.is_some()
        });
        (ended.expect("the end within a minute"), begin.elapsed())
    }

    /// The database server of this world's folder, if it runs.
    pub fn server(&self) -> Option<i32> {
        let path = self.var().join("postgres/data/postmaster.pid");
        let id = fs::read_to_string(path).ok()?.lines().next()?.trim().parse().ok()?;
        let folder = self.folder.display().to_string();
        let ours = |one: &Process| one.words.iter().any(|word| word.contains(&folder));
        process::tree(id).first().filter(|one| ours(one)).map(|one| one.id)
    }

    /// What the program has said.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}

/// Whether a zone answers.
fn healthy(port: u16) -> bool {
    use std::io::Read;
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let limit = Some(Duration::from_secs(1));
    let _ = stream.set_read_timeout(limit);
    let question = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = [0; 12];
    stream.write_all(question).is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer.ends_with(b"200")
}
