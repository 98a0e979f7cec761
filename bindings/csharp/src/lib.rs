//! ambit-csharp
