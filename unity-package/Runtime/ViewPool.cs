// Game objects that are used again, by the prefab that they are instances of.

using System.Collections.Generic;
using UnityEngine;

namespace Ambit {
    internal sealed class ViewPool {
        private readonly Dictionary<AmbitEntityView, Stack<AmbitEntityView>> resting = new Dictionary<AmbitEntityView, Stack<AmbitEntityView>>();
        private readonly Transform parent, nursery;

        internal ViewPool(Transform parent) {
            this.parent = parent;
            nursery = new GameObject("Nursery").transform;
            nursery.gameObject.SetActive(false);
            nursery.SetParent(parent, false);
        }

        /// <summary>Instances that were made and not destroyed by the pool, in use or not.</summary>
        internal int Made { get; private set; }

        /// <summary>An inactive instance.</summary>
        internal AmbitEntityView Take(AmbitEntityView prefab) {
            Stack<AmbitEntityView> stack;
            if (resting.TryGetValue(prefab, out stack)) {
                while (stack.Count > 0) {
                    AmbitEntityView rested = stack.Pop();
                    // The game may have destroyed what it was lent.
                    if (rested != null) return rested;
                    Made--;
                }
            }
            return Make(prefab);
        }

        internal void Return(AmbitEntityView view) {
            if (view == null) {
                Made--;
                return;
            }
            view.gameObject.SetActive(false);
            Stack<AmbitEntityView> stack;
            if (!resting.TryGetValue(view.Prefab, out stack)) resting.Add(view.Prefab, stack = new Stack<AmbitEntityView>());
            stack.Push(view);
        }

        /// <summary>Makes instances beforehand, so that none is made while the game is played.</summary>
        internal void Prepare(AmbitEntityView prefab, int count) {
            while (Made < count) Return(Make(prefab));
        }

        private AmbitEntityView Make(AmbitEntityView prefab) {
            // Scripts of the prefab are not told that they are there before they stand for a row.
            AmbitEntityView made = Object.Instantiate(prefab, nursery);
            made.gameObject.SetActive(false);
            made.transform.SetParent(parent, false);
            made.Prefab = prefab;
            Made++;
            return made;
        }
    }
}
