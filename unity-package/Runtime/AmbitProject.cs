// Which server and database a game plays on, as an asset: shared by the scenes of a game and by the editor window.

using UnityEngine;

namespace Ambit {
    [CreateAssetMenu(menuName = "Ambit/Project", fileName = "AmbitProject", order = 200)]
    public sealed class AmbitProject : ScriptableObject {
        [SerializeField, Tooltip("The server's address, such as http://127.0.0.1:7800.")]
        private string server = "http://127.0.0.1:7800";

        [SerializeField, Tooltip("The database's name, as it was published.")]
        private string database = "world";

        [SerializeField, Tooltip("The module's folder, for publishing from the Ambit window; relative to the project's folder.")]
        private string module = "";

        [SerializeField, Tooltip("Where generated code goes, relative to the project's folder.")]
        private string generatedFolder = "Assets/Ambit/Generated";

        [SerializeField, Tooltip("The namespace of generated code.")]
        private string generatedNamespace = "Game";

        /// <summary>The server's address, such as http://127.0.0.1:7800.</summary>
        public string Server { get { return server; } set { server = value; } }

        /// <summary>The database's name.</summary>
        public string Database { get { return database; } set { database = value; } }

        /// <summary>The module's folder, relative to the project's folder.</summary>
        public string Module { get { return module; } set { module = value; } }

        /// <summary>Where generated code goes, relative to the project's folder.</summary>
        public string GeneratedFolder { get { return generatedFolder; } set { generatedFolder = value; } }

        /// <summary>The namespace of generated code.</summary>
        public string GeneratedNamespace { get { return generatedNamespace; } set { generatedNamespace = value; } }
    }
}
