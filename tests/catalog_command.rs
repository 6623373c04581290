//! `catalog list` and `catalog show`: what is known, and from which source.

use serde_json::Value;

use crate::support::{Place, snapshot};

/// A wheel that only a project knows, and what it requires.
fn team() -> String {
    let folder = "https://wheels.example/gpu";
    format!(
        "wheel\tflash-attn\t2.5.8+cu118\tcu118\t{folder}\tflash_attn-2.5.8+cu118-cp310-cp310-linux_x86_64.whl\t{}\t120\t0\t>=3.8\tcomputed\n\
         requires\tflash-attn\t2.5.8+cu118\t{folder}\tlinux-x86_64\twheel\t-\ttorch==2.1.2\teinops\n",
        "a".repeat(64)
    )
}

#[test]
fn lists_the_builds_of_a_release() {
    let place = Place::new();
    let mut text = String::new();
    for arguments in [
        "catalog list torchvision==0.16.2",
        "catalog list torch --cuda 11.8 --platform linux-x86_64 --python 3.12",
        "catalog list triton==2.0.0 --python 3.11",
    ] {
        text.push_str(&format!("$ torchswap {arguments}\n{}", place.run(arguments).ok()));
    }
    snapshot("catalog-list", &text);
}

#[test]
fn lists_packages() {
    let text = Place::new().run("catalog list").ok();
    // What has more builds than fit beside it has them below.
    let torch = text.split("\ntorch ").nth(1).unwrap().split("\ntorchao ").next().unwrap();
    assert!(torch.contains("cpu") && torch.contains("cu118") && torch.contains("rocm6.3"), "{torch}");
    let few = Place::new().run("catalog list --rocm 6.3 --python 3.12").ok();
    assert!(few.lines().count() < text.lines().count() && few.contains("\ntorch ") && !few.contains("cublas"), "{few}");
}

#[test]
fn lists_fit_a_terminal() {
    for arguments in ["list", "list torch==2.6.0", "list torchvision --cuda 12.6", "list cuda-toolkit"] {
        let text = Place::new().run(&format!("catalog {arguments}")).ok();
        let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(text.lines().count() > 2 && widest.chars().count() <= 80, "{arguments}: {widest}");
    }
}

#[test]
fn shows_a_wheel_at_every_place() {
    let place = Place::new();
    let mut text = place.run("catalog show torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl").ok();
    text.push_str(&place.run("catalog show torch-2.6.0+cu126-cp310-cp310-manylinux_2_28_x86_64.whl").ok());
    text.push_str(
        &place.run("catalog show triton-2.0.0-1-cp310-cp310-manylinux2014_x86_64.manylinux_2_17_x86_64.whl").ok(),
    );
    snapshot("catalog-show", &text);
    let url = "https://download.pytorch.org/whl/cu118/torch-2.0.1%2Bcu118-cp310-cp310-linux_x86_64.whl#sha256=0";
    assert!(text.starts_with(&place.run_with(&["catalog", "show", url], "").ok()));
}

#[test]
fn a_projects_wheels_are_listed_beside_the_others() {
    let place = Place::new();
    place.write("team.tsv", team());
    let list = place.run("catalog list flash-attn --catalog team.tsv").ok();
    assert!(list.contains("2.5.8    cu118  linux-x86_64  3.10    1       index"), "{list}");
    place.write("torchswap.toml", "catalog = \"team.tsv\"\n");
    let show = place.run("catalog show flash_attn-2.5.8+cu118-cp310-cp310-linux_x86_64.whl").ok();
    for text in ["hashed by this tool", "team.tsv", "from the wheel itself", "einops", "120 bytes"] {
        assert!(show.contains(text), "{show}");
    }
    assert!(place.run("catalog list").ok().contains("\nflash-attn "));
}

#[test]
fn tells_the_same_as_data() {
    let place = Place::new();
    let json = |arguments: &str| -> Value { serde_json::from_str(&place.run(arguments).ok()).unwrap() };
    let list = &json("catalog list torchvision==0.16.2 --cuda 11.8 --output-format json")["builds"];
    assert_eq!(list[0]["wheels"].as_array().unwrap().len(), 4);
    assert_eq!((list[0]["build"].as_str(), list[0]["pythons"].as_str()), (Some("cu118"), Some("3.8-3.11")));
    let show = &json("catalog show torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl --output-format json")["wheels"];
    assert_eq!(show[0]["seen"], 17);
    assert_eq!(show[0]["evidence"][1], "poetry");
    assert_eq!(show[0]["sha256"], "a7a49d459bf4862f64f7bc1a68beccf8881c2fa9f3e0569608e16ba6f85ebf7b");
    assert_eq!(show[0]["requires"][0]["provenance"], "poetry.lock:exact:20");
    assert!(json("catalog list --json")["packages"].as_array().unwrap().len() > 50);
}

#[test]
fn what_is_not_known_is_said_with_what_is_near() {
    let place = Place::new();
    assert!(place.run("catalog list tochvision").refused().contains("did you mean torchvision?"));
    assert!(place.run("catalog list zzz").refused().contains("torchswap catalog list shows"));
    let near = place.run("catalog show torch-2.0.1+cu118-cp310-cp310-linux_x86_65.whl").refused();
    assert!(near.contains("did you mean torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl?"), "{near}");
    assert!(place.run("catalog show torch").refused().contains("is not a wheel file name"));
    assert!(place.run("catalog list torch==two").refused().contains("write torch or torch==2.1.2"));
    let none = place.run("catalog list torch --cuda 9.2");
    assert_eq!(
        (none.status, none.stdout.as_str(), none.stderr.as_str()),
        (1, "", "the catalogue knows no such wheel\n")
    );
}
