// The window Window > Ambit: pages for the connection, the module, tables, reducers and the log. This file has the frame; the pages
// are in AmbitWindowPages.cs.

using System.Collections.Generic;
using System.IO;
using Ambit;
using UnityEditor;
using UnityEngine;

namespace AmbitEditor {
    public sealed partial class AmbitWindow : EditorWindow {
        private const int EventsMax = 100;
        private static readonly string[] pages = { "Connection", "Module", "Tables", "Reducers", "Log" };
        private readonly TableRates rates = new TableRates();
        private readonly List<ReducerForm> forms = new List<ReducerForm>();
        private readonly List<object> rows = new List<object>();
        private readonly List<string> events = new List<string>();
        private AmbitProject project;
        private EditorConnection own;
        private ModuleCommands commands;
        private Client reported;
        private ConnectionState reportedState;
        private object formsOf, reducers;
        private string page = "Connection", table, problem = "", answer = "";
        private bool isConfirmed;
        private Vector2 scroll;

        [MenuItem("Window/Ambit")]
        public static void Open() { GetWindow<AmbitWindow>("Ambit"); }

        /// <summary>What is looked at: the first world that plays, or the window's own connection; null if there is neither.</summary>
        private Client Shown {
            get { return OpenWorlds.All.Count > 0 ? OpenWorlds.All[0].Client : own == null ? null : own.Client; }
        }

        private object ShownDatabase {
            get { return OpenWorlds.All.Count > 0 ? OpenWorlds.All[0].AnyDatabase : own == null ? null : own.Database; }
        }

        private void OnEnable() {
            commands = new ModuleCommands(Directory.GetParent(Application.dataPath).FullName);
            EditorApplication.update += Turn;
            AssemblyReloadEvents.beforeAssemblyReload += StopAll;
            if (project == null) project = FirstProject();
        }

        private void OnDisable() {
            EditorApplication.update -= Turn;
            AssemblyReloadEvents.beforeAssemblyReload -= StopAll;
            StopAll();
        }

        private void OnGUI() {
            GUILayout.BeginHorizontal();
            foreach (string each in pages) {
                GUI.enabled = each != page;
                if (GUILayout.Button(each)) page = each;
            }
            GUI.enabled = true;
            GUILayout.EndHorizontal();
            project = (AmbitProject)EditorGUILayout.ObjectField("Project", project, typeof(AmbitProject), false);
            if (project == null) {
                EditorGUILayout.HelpBox("Make a project with Assets > Create > Ambit > Project and choose it here.", MessageType.Info);
                return;
            }
            scroll = GUILayout.BeginScrollView(scroll);
            try {
                Draw();
            } catch (AmbitException refused) {
                problem = refused.Message;
            }
            if (problem != "") EditorGUILayout.HelpBox(problem, MessageType.Error);
            GUILayout.EndScrollView();
        }

        private void Draw() {
            switch (page) {
                case "Connection": DrawConnection(); break;
                case "Module": DrawModule(); break;
                case "Tables": DrawTables(); break;
                case "Reducers": DrawReducers(); break;
                case "Log": DrawLog(); break;
            }
        }

        /// <summary>Many times a second, whether anything plays or not.</summary>
        private void Turn() {
            commands.Turn();
            // While a world plays, that one is looked at, and the window's own connection would only cost.
            if (OpenWorlds.All.Count > 0 && own != null) Disconnect();
            try {
                if (own != null) own.Turn();
            } catch (AmbitException refused) {
                problem = refused.Message;
                Disconnect();
            }
            Client client = Shown;
            if (client == null) {
                reported = null;
                return;
            }
            rates.Measure(client, Time.realtimeSinceStartup);
            Report(client);
            Repaint();
        }

        /// <summary>Notes when the connection's state changes.</summary>
        private void Report(Client client) {
            ConnectionState state = client.State;
            if (client == reported && state == reportedState) return;
            reported = client;
            reportedState = state;
            string reason = client.Reason;
            events.Add(state + (reason == "" ? "" : ": " + reason));
            if (events.Count > EventsMax) events.RemoveAt(0);
        }

        private void Connect() {
            Disconnect();
            problem = "";
            own = new EditorConnection(project.Server, project.Database, project.GeneratedNamespace);
        }

        private void Disconnect() {
            if (own != null) own.Dispose();
            own = null;
            formsOf = reducers = null;
            rows.Clear();
        }

        private void StopAll() {
            commands.Stop();
            Disconnect();
        }

        private static AmbitProject FirstProject() {
            foreach (string guid in AssetDatabase.FindAssets("t:AmbitProject")) {
                AmbitProject found = AssetDatabase.LoadAssetAtPath<AmbitProject>(AssetDatabase.GUIDToAssetPath(guid));
                if (found != null) return found;
            }
            return null;
        }
    }
}
