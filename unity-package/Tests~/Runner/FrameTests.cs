// Runs the package's tests that take frames, as the engine's test runner does: one frame between two steps.

using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.Reflection;
using Ambit;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.StandIn;
using UnityEngine.TestTools;
using Debug = UnityEngine.Debug;

namespace StandInTests {
    [TestFixture]
    public sealed class FrameTests {
        private const double SecondsMax = 60;
        private const uint FrameMilliseconds = 16;

        /// <summary>Every test that takes frames, by its class and name.</summary>
        public static IEnumerable<TestCaseData> Cases() {
            foreach (Type type in typeof(Ambit.Tests.WorldTests).Assembly.GetTypes()) {
                foreach (MethodInfo method in type.GetMethods()) {
                    if (method.IsDefined(typeof(UnityTestAttribute), false)) yield return new TestCaseData(method).SetName(type.Name + "." + method.Name);
                }
            }
        }

        [Test, TestCaseSource("Cases")]
        public void TakesFrames(MethodInfo test) {
            object fixture = Activator.CreateInstance(test.DeclaringType);
            Debug.Lines.Clear();
            Application.isPlaying = true;
            PlayerLoop.EnterPlayMode();
            Tell(fixture, typeof(SetUpAttribute));
            try {
                Play((IEnumerator)test.Invoke(fixture, null));
                string fault = LogAssert.Judge();
                if (fault != null) Assert.Fail(fault);
            } finally {
                Tell(fixture, typeof(TearDownAttribute));
                PlayerLoop.Clear();
                Application.isPlaying = false;
                LogAssert.Judge();
            }
        }

        internal static void Play(IEnumerator steps) {
            Stopwatch clock = Stopwatch.StartNew();
            Stack<IEnumerator> stack = new Stack<IEnumerator>();
            stack.Push(steps);
            while (stack.Count > 0) {
                Assert.Less(clock.Elapsed.TotalSeconds, SecondsMax, "the test takes too long");
                if (!stack.Peek().MoveNext()) {
                    stack.Pop();
                    continue;
                }
                IEnumerator inner = stack.Peek().Current as IEnumerator;
                if (inner != null) stack.Push(inner); else Frame();
            }
        }

        /// <summary>A frame that begins when a world has news, and at the latest after the time that a frame takes.</summary>
        internal static void Frame() {
            Stopwatch clock = Stopwatch.StartNew();
            if (OpenWorlds.All.Count > 0) OpenWorlds.All[0].Client.Wait(FrameMilliseconds);
            PlayerLoop.FrameSeconds = (float)Math.Max(clock.Elapsed.TotalSeconds, 0.001);
            PlayerLoop.Frame();
        }

        private static void Tell(object fixture, Type attribute) {
            foreach (MethodInfo method in fixture.GetType().GetMethods()) if (method.IsDefined(attribute, true)) method.Invoke(fixture, null);
        }
    }
}
