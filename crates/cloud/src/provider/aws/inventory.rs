//! What an account holds of every service in every region that it may use: what bears a tag or
//! once did, machines, keys, names of people. Asks only; looks into nothing but whose a key is.
//!
//! One request after the other: an account is never asked for more than one thing at a time.

use roxmltree::Document;
use serde_json::{Value, json};

use super::call::{At, element, elements, text};
use super::{Aws, Session, WORLD};
use crate::guardrail::Resource;
use crate::provider::{Holding, Inventory, ProviderError};

/// Pages of one list that are read; what lies beyond is told, not passed over.
const PAGES: usize = 20;
/// Machines that are there: what was ended is shown by AWS for an hour more.
const THERE: [&str; 4] = ["pending", "running", "stopping", "stopped"];

type Held = Result<Vec<Holding>, ProviderError>;

impl Aws {
    /// Everything that an account says it holds, beyond its stores.
    pub(super) async fn account_inventory(
        &self,
        account: &str,
    ) -> Result<Inventory, ProviderError> {
        let who = self.session(account).await?;
        let mut all = Inventory::default();
        let mut take = |what: String, held: Held| match held {
            Ok(held) => all.held.extend(held),
            Err(error) => all.unseen.push((what, error)),
        };
        take("iam ListUsers".to_owned(), self.users_held(&who).await);
        let regions = match self.regions_open(&who).await {
            Ok(regions) => regions,
            Err(error) => {
                take("ec2 DescribeRegions".to_owned(), Err(error));
                self.settings.regions.to_vec()
            }
        };
        for region in &regions {
            let place = (&*who, region.as_str());
            take(format!("tag GetResources（{region}）"), self.tagged_held(place).await);
            take(format!("ec2 DescribeInstances（{region}）"), self.machines_held(place).await);
            take(format!("kms ListKeys（{region}）"), self.keys_held(place).await);
        }
        Ok(all)
    }

    /// The regions that the account may use.
    async fn regions_open(&self, who: &Session) -> Result<Vec<String>, ProviderError> {
        let pairs = [("Action", "DescribeRegions"), ("Version", "2016-11-15")];
        let at = At { service: "ec2", region: &self.settings.regions[0] };
        let xml = self.caller.form(Some(who), at, &pairs).await?;
        let unread = |_| ProviderError::Unreachable("地域の一覧を読めません".to_owned());
        let document = Document::parse(&xml).map_err(unread)?;
        let items = document.descendants().filter(|it| it.tag_name().name() == "item");
        let open = items.filter_map(|item| {
            let field = |name: &str| {
                item.children().find(|it| it.tag_name().name() == name).and_then(|it| it.text())
            };
            field("regionName").filter(|_| field("optInStatus") != Some("not-opted-in"))
        });
        let open: Vec<String> = open.map(str::to_owned).collect();
        // An account without any region is no account: the answer was something else.
        if open.is_empty() {
            return Err(ProviderError::Unreachable("地域の一覧が空です".to_owned()));
        }
        Ok(open)
    }

    /// What bears a tag or once did; what other lists show in full is left to them.
    async fn tagged_held(&self, (who, region): (&Session, &str)) -> Held {
        const GET: &str = "ResourceGroupsTaggingAPI_20170126.GetResources";
        let (mut all, mut body) = (Vec::new(), json!({"ResourcesPerPage": 100}));
        for _ in 0..PAGES {
            let at = At { service: "tagging", region };
            let page = self.caller.json(Some(who), at, GET, body.clone()).await?;
            let rows = page["ResourceTagMappingList"].as_array();
            for row in rows.into_iter().flatten() {
                all.extend(named(&text(row, "/ResourceARN")?, region));
            }
            match page["PaginationToken"].as_str().filter(|it| !it.is_empty()) {
                Some(token) => body["PaginationToken"] = json!(token),
                None => return Ok(all),
            }
        }
        Err(too_many(all.len()))
    }

    async fn machines_held(&self, (who, region): (&Session, &str)) -> Held {
        let names: [String; 4] = std::array::from_fn(|at| format!("Filter.1.Value.{}", at + 1));
        let mut pairs = vec![
            ("Action", "DescribeInstances"),
            ("Version", "2016-11-15"),
            ("MaxResults", "1000"),
            ("Filter.1.Name", "instance-state-name"),
        ];
        pairs.extend(names.iter().map(String::as_str).zip(THERE));
        let (mut all, mut token) = (Vec::new(), None);
        for _ in 0..PAGES {
            let mut pairs = pairs.clone();
            pairs.extend(token.as_deref().map(|it: &str| ("NextToken", it)));
            let at = At { service: "ec2", region };
            let xml = self.caller.form(Some(who), at, &pairs).await?;
            let ids = elements(&xml, "instanceId").into_iter();
            all.extend(ids.map(|id| holding(("ec2", Some(region)), "instance", id)));
            token = element(&xml, "nextToken").filter(|it| !it.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(too_many(all.len()))
    }

    /// Keys of the account's own; those that AWS made for itself and those that end are left out.
    async fn keys_held(&self, place: (&Session, &str)) -> Held {
        let (mut all, mut body) = (Vec::new(), json!({"Limit": 1000}));
        for _ in 0..PAGES {
            let page = self.kms(place, "ListKeys", body.clone()).await?;
            for key in page["Keys"].as_array().into_iter().flatten() {
                let id = text(key, "/KeyId")?;
                let known = self.kms(place, "DescribeKey", json!({"KeyId": id})).await;
                let is_own = match known {
                    Err(fault) if fault.is(&["NotFoundException"]) => false,
                    known => is_in_use(&known?),
                };
                if is_own {
                    all.push(holding(("kms", Some(place.1)), "key", id));
                }
            }
            match page["NextMarker"].as_str() {
                Some(marker) => body["Marker"] = json!(marker),
                None => return Ok(all),
            }
        }
        Err(too_many(all.len()))
    }

    async fn users_held(&self, who: &Session) -> Held {
        let (mut all, mut marker) = (Vec::new(), None);
        for _ in 0..PAGES {
            let mut pairs = vec![("Action", "ListUsers"), ("MaxItems", "1000")];
            pairs.extend(marker.as_deref().map(|it: &str| ("Marker", it)));
            let xml = self.iam(who, &pairs).await?;
            let person = Resource { person: true, ..Resource::default() };
            all.extend(
                elements(&xml, "UserName").into_iter().map(|name| Holding {
                    resource: person,
                    ..holding(("iam", None), "user", name)
                }),
            );
            marker = element(&xml, "Marker").filter(|it| !it.is_empty());
            if marker.is_none() {
                return Ok(all);
            }
        }
        Err(too_many(all.len()))
    }
}

fn holding((service, region): (&str, Option<&str>), kind: &str, reference: String) -> Holding {
    let (service, region) = (service.to_owned(), region.map(str::to_owned));
    Holding { service, region, kind: kind.to_owned(), reference, resource: Resource::default() }
}

fn is_in_use(key: &Value) -> bool {
    let key = &key["KeyMetadata"];
    let ends = ["PendingDeletion", "PendingReplicaDeletion"];
    key["KeyManager"] != "AWS" && !ends.iter().any(|it| key["KeyState"] == *it)
}

/// A thing by its name in all of AWS, `arn:aws:service:region:account:kind/name`. Where a name says
/// no region, the one that answered counts, but for services that only one region answers for.
fn named(arn: &str, asked: &str) -> Option<Holding> {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, region, _, rest] = fields.as_slice() else {
        return Some(holding(("?", Some(asked)), "?", arn.to_owned()));
    };
    let kind = rest.split(['/', ':']).next().filter(|it| it.len() < rest.len()).unwrap_or("");
    let elsewhere = matches!((*service, kind), ("s3", "") | ("kms", "key") | ("ec2", "instance"));
    let is_world = region.is_empty() && asked == WORLD;
    let region = if region.is_empty() { asked } else { region };
    let region = Some(region).filter(|_| !is_world);
    (!elsewhere).then(|| holding((service, region), kind, arn.to_owned()))
}

fn too_many(count: usize) -> ProviderError {
    ProviderError::Refused(format!("{count} より多く、すべては見ていません"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arn: &str, expected: Option<(&str, Option<&str>, &str)>) {
        let found = named(arn, "us-east-1");
        let short = found.as_ref().map(|it| (&*it.service, it.region.as_deref(), &*it.kind));
        assert_eq!(short, expected);
    }

    #[test]
    fn names_say_what_and_where() {
        let queue = "arn:aws:sqs:us-west-2:1:orders";
        check(queue, Some(("sqs", Some("us-west-2"), "")));
        check("arn:aws:rds:us-east-1:1:db:x", Some(("rds", Some("us-east-1"), "db")));
        check("arn:aws:cloudfront::1:distribution/E", Some(("cloudfront", None, "distribution")));
        check("arn:aws:kms:us-east-1:1:key/k", None);
        check("arn:aws:s3:::bucket", None);
        check("nonsense", Some(("?", Some("us-east-1"), "?")));
        let elsewhere = named("arn:aws:apigateway::1:x/y", "us-west-2").unwrap();
        assert_eq!(elsewhere.region.as_deref(), Some("us-west-2"));
    }
}
