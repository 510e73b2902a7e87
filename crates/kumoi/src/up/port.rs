//! Is a port free, and if not, who has it? Asked before any zone is started.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::time::sleep;

use super::ZonePlan;

/// Zones of a killed supervisor need a moment to end.
const PATIENCE: Duration = Duration::from_secs(3);

/// Refuses ports that are taken: which port, whose it is, how to choose another.
pub async fn ports_check(plans: &[ZonePlan]) -> Result<()> {
    for (index, plan) in plans.iter().enumerate() {
        if let Some(other) = plans[..index].iter().find(|other| other.address == plan.address) {
            let (one, two) = (other.zone.label(), plan.zone.label());
            bail!(
                "{one}と{two}が同じ {} を使おうとしています。{}で変えてください",
                plan.address,
                plan.setting
            );
        }
        let begin = Instant::now();
        while let Err(error) = TcpListener::bind(plan.address) {
            if begin.elapsed() > PATIENCE || error.kind() != std::io::ErrorKind::AddrInUse {
                bail!(refusal(plan, &error));
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

fn refusal(plan: &ZonePlan, error: &std::io::Error) -> String {
    let (label, address, setting) = (plan.zone.label(), plan.address, &plan.setting);
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            let user = user_of(address.port()).map_or_else(String::new, |it| format!("（{it}）"));
            format!(
                "{label}のポート {address} は、ほかのプログラム{user}が使っています。\
                 それを止めるか、{setting}で別のポートを指定してください"
            )
        }
        std::io::ErrorKind::PermissionDenied => format!(
            "{label}のポート {address} を開く権限がありません。1024 以上のポートを{setting}で\
             指定してください"
        ),
        _ => format!("{label}の {address} を開けません（{error}）。{setting}を確かめてください"),
    }
}

/// The program that listens on `port` of this machine, as far as we may see it.
fn user_of(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .find_map(|table| listening_inode(&table, port))?;
    let wanted = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let numbered = processes.filter(|it| it.file_name().to_string_lossy().parse::<u32>().is_ok());
    numbered.filter(|it| holds(&it.path(), &wanted)).find_map(|it| {
        let name = fs::read_to_string(it.path().join("comm")).ok()?;
        Some(format!("{}、プロセス {}", name.trim(), it.file_name().to_string_lossy()))
    })
}

fn holds(process: &std::path::Path, wanted: &str) -> bool {
    let Ok(files) = fs::read_dir(process.join("fd")) else { return false };
    files.flatten().any(|it| fs::read_link(it.path()).is_ok_and(|to| to.as_os_str() == wanted))
}

/// The socket number of the listener on `port` in the text of `/proc/net/tcp`.
fn listening_inode(table: &str, port: u16) -> Option<String> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, hex) = fields.get(1)?.rsplit_once(':')?;
        let listens = *fields.get(3)? == "0A";
        let same = u16::from_str_radix(hex, 16).ok()? == port;
        (listens && same).then(|| fields.get(9).map(|it| (*it).to_owned()))?
    })
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn sample_plan(address: SocketAddr) -> ZonePlan {
        ZonePlan {
            zone: crate::up::Zone::Office,
            address,
            setting: "--office-port または KUMOI_OFFICE_PORT ".to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_its_holder_and_the_setting() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let text = ports_check(&[sample_plan(address)]).await.unwrap_err().to_string();
        assert!(text.contains(&address.to_string()), "{text}");
        assert!(text.contains(&format!("プロセス {}", std::process::id())), "{text}");
        assert!(text.contains("--office-port"), "{text}");
        drop(listener);
        ports_check(&[sample_plan(address)]).await.unwrap();
    }

    #[tokio::test]
    async fn two_zones_on_one_port_are_refused() {
        let plan = sample_plan("127.0.0.1:0".parse().unwrap());
        let same = [plan.clone(), plan];
        let text = ports_check(&same).await.unwrap_err().to_string();
        assert!(text.contains("同じ"), "{text}");
    }

    #[test]
    fn the_table_of_sockets_is_read() {
        let table = "  sl  local_address rem_address   st ...\n   0: 0100007F:1F90 00000000:0000 \
                     0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0\n";
        assert_eq!(listening_inode(table, 8080).as_deref(), Some("4711"));
        assert_eq!(listening_inode(table, 8081), None);
        assert_eq!(listening_inode(&table.replace(" 0A ", " 01 "), 8080), None);
    }
}
