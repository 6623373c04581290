//! Broken `uv.lock` files.

use super::{Case, read, refused, swap};

const NAME: &str = "uv.lock";

fn lock() -> String {
    read("uv/torch-2.7.1/uv.lock")
}

fn case(name: &str, old: &str, new: &str) -> Case {
    Case::new(name, NAME, swap(&lock(), old, new))
}

#[test]
fn it_is_the_break_that_is_refused() {
    let place = crate::support::Place::new();
    place.write(NAME, lock());
    place.run("export --cuda 11.8 --python 3.10").ok();
}

#[test]
fn broken_ones_are_refused_with_the_place() {
    let torch = "name = \"torch\"\nversion = \"2.7.1\"\nsource = { registry = \"https://index.example/simple\" }";
    let with = |new: &str| torch.replace("source = { registry = \"https://index.example/simple\" }", new);
    refused(vec![
        Case::new("cut", NAME, &lock()[..lock().len() / 2]),
        case("a version that is none", torch, &torch.replace("2.7.1", "one")),
        case("no source", torch, &with("")),
        case(
            "two sources",
            torch,
            &with("source = { registry = \"https://a.example\", url = \"https://a.example/a.whl\" }"),
        ),
        case("an unknown source", torch, &with("source = { elsewhere = \"x\" }")),
        case("a repository without a commit", torch, &with("source = { git = \"https://a.example/a\" }")),
        case("a dependency that does not exist", "{ name = \"sympy\" }", "{ name = \"absent\" }"),
        case("a dependency without a name", "{ name = \"sympy\" }", "{ marker = \"os_name == 'nt'\" }"),
        case("a marker that is none", "{ name = \"sympy\" }", "{ name = \"sympy\", marker = \"os_name ==\" }"),
        case("which of two is not said", "{ name = \"sympy\" }", "{ name = \"colorama\" }"),
        case("conflicts of another type", "conflicts = [[", "conflicts = [[1, "),
    ]);
}
