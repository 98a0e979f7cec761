//! Wrong attributes: the error points at the attribute and says what is allowed.

#[test]
fn wrong_attributes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
