// A subscription as a component: a query with its delivery options in the inspector, alive while the component is enabled.

using UnityEngine;

namespace Ambit {
    [AddComponentMenu("Ambit/Ambit Subscription")]
    public class AmbitSubscription : MonoBehaviour {
        [SerializeField, Tooltip("The world; without one, that of a parent or of the scene.")]
        private AmbitWorld world;

        [SerializeField, TextArea(2, 8), Tooltip("What is subscribed to, in SQL. Values of :names come from code, but for :sender.")]
        private string query = "";

        [SerializeField]
        private Delivery delivery = new Delivery();

        private readonly Inspection inspection = new Inspection();
        private Parameters parameters = new Parameters();
        private Subscription subscription;
        private bool isInspected;

        /// <summary>What is subscribed to. Counts from the next time on that it is enabled or the world opens.</summary>
        public string Query { get { return query; } set { query = value; } }

        /// <summary>How rows are delivered. Counts from the next time on that it is enabled or the world opens.</summary>
        public Delivery Delivery { get { return delivery; } set { delivery = value; } }

        /// <summary>The living subscription; null while there is none.</summary>
        public Subscription Subscription { get { return subscription; } }

        public AmbitWorld World { get { return world; } set { world = value; } }

        /// <summary>Gives the names in the query these values, at once if the subscription lives.</summary>
        public void SetParameters(Parameters values) {
            parameters = values;
            if (subscription != null) subscription.ChangeParameters(values);
        }

        /// <summary>What is in force, as of the last answer of the server; null before the first. Asking for it makes the server tell
        /// it again: for gizmos and debuggers.</summary>
        public Inspection Inspect() {
            if (subscription == null || world.State != WorldState.Ready) return null;
            isInspected = subscription.Inspection(inspection) || isInspected;
            subscription.Inspect();
            return isInspected ? inspection : null;
        }

        private void OnEnable() {
            if (world == null) world = AmbitWorld.Around(this);
            if (world == null) {
                Debug.LogError("Ambit: the subscription has no AmbitWorld: add one to the scene", this);
                return;
            }
            world.Opened += Open;
            world.Closed += Forget;
        }

        private void OnDisable() {
            if (world == null) return;
            world.Opened -= Open;
            world.Closed -= Forget;
            if (subscription != null) subscription.Dispose();
            Forget();
        }

        private void Open(Client client) {
            if (query == "") return;
            try {
                subscription = client.Watch(query, parameters, delivery);
            } catch (AmbitException refused) {
                Debug.LogError("Ambit: " + refused.Message, this);
            }
        }

        private void Forget() {
            subscription = null;
            isInspected = false;
        }
    }
}
