// What the Editor's part does without a server: command lines, forms of reducers, rows as text, and the library's version.

using System;
using System.Collections.Generic;
using System.IO;
using AmbitEditor;
using NUnit.Framework;

namespace Ambit.Tests {
    public sealed class EditingTests {
        public enum Colour { Red, Green }

        public struct ExampleRow {
            public uint Id;
            public Vec2 Position;
            public string Name { get { return "Ada"; } }
            public Colour? Worn;
        }

        public sealed class ExampleReducers {
            public string Called;
            public uint Paint(string name, Colour colour, Vec2 at, byte times, bool twice) {
                Called = name + " " + colour + " " + at.X + " " + at.Y + " " + times + " " + twice;
                return 7;
            }
            public uint Refuse() { throw new AmbitException("not ready"); }
            public uint Unusual(uint[] many) { return 8; }
        }

        public sealed class ExampleDatabase { public readonly ExampleReducers Reducers = new ExampleReducers(); }

        private readonly List<ReducerForm> forms = new List<ReducerForm>();

        private ReducerForm Form(string name) { return forms.Find(form => form.Name == name); }

        [Test]
        public void TheLibraryFits() { Assert.IsNull(Library.Fault()); }

        [Test]
        public void AReducersFormCallsIt() {
            ExampleReducers reducers = (ExampleReducers)GeneratedCode.Reducers(new ExampleDatabase(), forms);
            Assert.AreEqual(3, forms.Count);
            ReducerForm paint = Form("Paint");
            Assert.AreEqual("at (Vec2)", paint.Label(2));
            string[] texts = { "Ada", "green", "1.5, -2", "3", "true" };
            for (int i = 0; i < texts.Length; i++) paint.Texts[i] = texts[i];
            Assert.AreEqual(7, paint.Call(reducers));
            Assert.AreEqual("Ada Green 1.5 -2 3 True", reducers.Called);
            StringAssert.Contains("not ready", Assert.Throws<AmbitException>(() => Form("Refuse").Call(reducers)).Message);
            StringAssert.Contains("ambit call", Assert.Throws<AmbitException>(() => Form("Unusual").Call(reducers)).Message);
            Action<int, string, string> refused = (at, text, word) => {
                string before = paint.Texts[at];
                paint.Texts[at] = text;
                StringAssert.Contains(word, Assert.Throws<AmbitException>(() => paint.Call(reducers)).Message);
                paint.Texts[at] = before;
            };
            refused(1, "blue", "colour");
            refused(2, "1", "at");
            refused(2, "x, y", "at");
            refused(3, "256", "too large");
            refused(4, "perhaps", "twice");
        }

        [Test]
        public void ARowIsOneLine() {
            string line = GeneratedCode.Describe(new ExampleRow { Id = 5, Position = new Vec2(1.25f, 2) });
            foreach (string part in new[] { "Id 5", "Position (1.25, 2)", "Name Ada", "Worn -" }) StringAssert.Contains(part, line);
        }

        [Test]
        public void ACommandThatIsNotThereSaysWhatToDo() {
            using (AmbitCommand command = new AmbitCommand("no-such-ambit", Path.GetTempPath(), "start")) {
                Assert.IsFalse(command.IsRunning);
                Assert.IsFalse(command.Succeeded);
                StringAssert.Contains("cargo install", command.Failure);
            }
        }

        [Test]
        public void TokensOfProjectsAndPlayersHaveDifferentKeys() {
            HashSet<string> keys = new HashSet<string> {
                AmbitWorld.TokenKey("http://a", "world", ""), AmbitWorld.TokenKey("http://b", "world", ""),
                AmbitWorld.TokenKey("http://a", "arena", ""), AmbitWorld.TokenKey("http://a", "world", "two")
            };
            Assert.AreEqual(4, keys.Count);
        }
    }
}
