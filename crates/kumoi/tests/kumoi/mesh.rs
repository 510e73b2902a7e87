//! Two sample cities on two nodes: an officer asks the other city, is answered for one affair and
//! refused for another; both stand in the evidence of both; a killed node comes back.

use std::process::Command;
use std::time::{Duration, Instant};

use testkit::desk::Answer;
use testkit::{Desk, VILLAGE, World, process};

use crate::PROGRAM;

/// A person who moved from the city to the village in the sample.
const MOVED: &str = "徳田　正雄";
const CITY: &str = "kumoishi";

struct Clerk {
    desk: Desk,
    path: String,
}

impl Clerk {
    async fn ask(&self, affair: &str) -> Answer {
        let form = [
            ("affair", affair),
            ("item_set", "resident-record"),
            ("provider", CITY),
            ("case", "12"),
        ];
        self.desk.post(&self.path, &form).await
    }

    /// Asks until the answer has these words: the city may still be loading, or a node starting.
    async fn until(&self, words: &str) {
        let begin = Instant::now();
        loop {
            let shown = self.ask("child-allowance").await.words();
            if shown.contains(words) {
                return;
            }
            assert!(begin.elapsed() < Duration::from_secs(180), "{words} is not in {shown}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// The evidence of an exchange from the record of an organisation, verified by the command.
fn verified(world: &World, organisation: &str, request: &str) -> (bool, String) {
    let var = world.var();
    let file = var.with_file_name(format!("{organisation}.json"));
    let run = |words: &[&str]| {
        let out =
            Command::new(PROGRAM).arg("evidence").args(words).output().expect("kumoi evidence");
        let text = [out.stdout, out.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
        (out.status.success(), text.concat())
    };
    let (shown, place) = (file.display().to_string(), var.display().to_string());
    let begin = Instant::now();
    // Sealed within seconds.
    while !run(&["export", organisation, request, "--output", &shown, "--var", &place]).0 {
        assert!(begin.elapsed() < Duration::from_secs(60), "it is not sealed");
        std::thread::sleep(Duration::from_secs(1));
    }
    let (_, key) = run(&["key", "--var", &place]);
    run(&["verify", &shown, "--key", key.trim()])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_is_asked_by_another_and_both_can_prove_it() {
    let world = World::start_with(PROGRAM, "mesh", "village,city");
    let desk = Desk::sign_in(&world, VILLAGE, "madoguchi").await;
    let (_, keys) = desk.search(&[("q", MOVED)]).await;
    let path = format!("/start-inquiry/resident-record/resident/{}", keys[0]);
    let clerk = Clerk { desk, path };
    clerk.until("世帯主").await;
    let answered = clerk.ask("child-allowance").await;
    let words = answered.words();
    assert!(words.contains("雲居市") && words.contains("番号法第19条第8号"), "{words}");
    let request = testkit::html::links(&answered.text(), "/inquiries/").remove(0);
    let request = request.rsplit('/').next().expect("a number").to_owned();
    let refused = clerk.ask("seal-registration").await.words();
    assert!(refused.contains("断られました") && refused.contains("照会できません"), "{refused}");

    for organisation in [VILLAGE, CITY] {
        let desk = Desk::sign_in(&world, organisation, "madoguchi").await;
        let shown = desk.get("/inquiries").await.words();
        assert!(shown.contains("拒否") && shown.contains("回答"), "{organisation}: {shown}");
        let (holds, words) = verified(&world, organisation, &request);
        assert!(holds && words.matches("正しい").count() == 4, "{words}");
    }

    // Struck from the directory, it is asked no more; taken in again, it answers.
    let place = world.var().display().to_string();
    let member = |words: &[&str]| {
        let done = Command::new(PROGRAM).arg("member").args(words).args(["--var", &place]).status();
        assert!(done.expect("kumoi member").success(), "{words:?}");
    };
    member(&["strike", CITY, "--reason", "鍵を失った"]);
    clerk.until("名簿にありません").await;
    member(&["restore", CITY]);
    clerk.until("世帯主").await;

    // The city's node is killed: the officer hears of it, and it comes back by itself.
    process::signal(world.node(2).id, libc::SIGKILL);
    let lost = clerk.ask("child-allowance").await.words();
    assert!(lost.contains("回答を得られませんでした"), "{lost}");
    clerk.until("世帯主").await;
}
