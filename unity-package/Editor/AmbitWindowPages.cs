// The pages of the window Window > Ambit.

using System.Globalization;
using Ambit;
using UnityEditor;
using UnityEngine;

namespace AmbitEditor {
    public sealed partial class AmbitWindow {
        private const int RowsShownMax = 100;

        private void DrawConnection() {
            project.Server = EditorGUILayout.TextField("Server", project.Server);
            project.Database = EditorGUILayout.TextField("Database", project.Database);
            if (OpenWorlds.All.Count > 0) {
                AmbitWorld world = OpenWorlds.All[0];
                EditorGUILayout.LabelField("World", world.name + ", " + world.State + (world.Reason == "" ? "" : ": " + world.Reason));
                if (GUILayout.Button("Forget the player's token")) world.ForgetToken();
            } else if (own == null) {
                if (GUILayout.Button("Connect")) Connect();
            } else if (GUILayout.Button("Disconnect")) {
                Disconnect();
            }
            Client client = Shown;
            if (client == null) return;
            Statistics statistics = client.Statistics;
            EditorGUILayout.LabelField("State", client.State.ToString());
            EditorGUILayout.LabelField("Round trip", Number(statistics.RoundTripMicroseconds / 1000.0) + " ms");
            EditorGUILayout.LabelField("Server's clock", Number(statistics.ClockOffsetMicroseconds / 1000.0) + " ms ahead");
            EditorGUILayout.LabelField("Received", Number(statistics.BytesReceived / 1024.0) + " KiB, " + statistics.UpdatesReceived + " updates");
            EditorGUILayout.LabelField("Sent", Number(statistics.BytesSent / 1024.0) + " KiB");
            EditorGUILayout.LabelField("Waiting", statistics.RowsPending + " rows, " + statistics.EventsPending + " events, " + statistics.CallsInFlight + " calls");
        }

        private void DrawModule() {
            ModuleCommands.Program = EditorGUILayout.TextField("Command", ModuleCommands.Program);
            project.Module = EditorGUILayout.TextField("Module", project.Module);
            project.GeneratedFolder = EditorGUILayout.TextField("Generated code", project.GeneratedFolder);
            project.GeneratedNamespace = EditorGUILayout.TextField("Namespace", project.GeneratedNamespace);
            EditorUtility.SetDirty(project);
            isConfirmed = EditorGUILayout.Toggle("Agree to losing tables or columns", isConfirmed);
            GUI.enabled = !commands.IsRunning;
            if (GUILayout.Button("Publish")) {
                commands.Publish(project, isConfirmed);
                isConfirmed = false;
            }
            if (GUILayout.Button("Generate")) commands.Generate(project);
            GUI.enabled = true;
            foreach (string line in commands.Lines) GUILayout.Label(line);
        }

        private void DrawTables() {
            Client client = Shown;
            if (client == null) {
                EditorGUILayout.HelpBox("Press Play, or connect on the page Connection.", MessageType.Info);
                return;
            }
            foreach (Table each in client.Tables) {
                GUILayout.BeginHorizontal();
                if (GUILayout.Button(each.Name, GUILayout.Width(160))) table = table == each.Name ? null : each.Name;
                GUILayout.Label(each.Count + " rows", GUILayout.Width(100));
                GUILayout.Label(Number(rates.BytesPerSecond(each)) + " B/s", GUILayout.Width(100));
                GUILayout.Label(Number(rates.ChangesPerSecond(each)) + " changes/s");
                GUILayout.EndHorizontal();
                if (each.Name == table) DrawRows(each);
            }
            if (own == null || client != own.Client) return;
            own.Watch(table);
            if (own.Refusal != "") EditorGUILayout.HelpBox(own.Refusal, MessageType.Warning);
        }

        private void DrawRows(Table of) {
            rows.Clear();
            of.Collect(rows);
            for (int i = 0; i < rows.Count && i < RowsShownMax; i++) GUILayout.Label(GeneratedCode.Describe(rows[i]));
            if (rows.Count > RowsShownMax) GUILayout.Label("and " + (rows.Count - RowsShownMax) + " more");
        }

        private void DrawReducers() {
            object database = ShownDatabase;
            if (database == null) {
                EditorGUILayout.HelpBox("Press Play, or connect on the page Connection.", MessageType.Info);
                return;
            }
            if (database != formsOf) {
                reducers = GeneratedCode.Reducers(database, forms);
                formsOf = database;
            }
            foreach (ReducerForm form in forms) {
                for (int i = 0; i < form.Texts.Length; i++) form.Texts[i] = EditorGUILayout.TextField(form.Name + ": " + form.Label(i), form.Texts[i]);
                if (GUILayout.Button("Call " + form.Name)) Call(form);
            }
            if (answer != "") EditorGUILayout.LabelField("Answer", answer);
        }

        private async void Call(ReducerForm form) {
            problem = "";
            answer = form.Name + " is called";
            try {
                CallResult result = await Shown.Result(form.Call(reducers));
                answer = form.Name + ": " + result.Status + (result.Message == "" ? "" : ": " + result.Message);
            } catch (AmbitException refused) {
                answer = form.Name + ": " + refused.Message;
            }
        }

        private void DrawLog() {
            GUILayout.BeginHorizontal();
            if (GUILayout.Button("Follow the module's log")) commands.FollowLog(project);
            if (GUILayout.Button("Stop")) commands.Stop();
            GUILayout.EndHorizontal();
            foreach (string line in events) GUILayout.Label(line);
            foreach (string line in commands.Lines) GUILayout.Label(line);
        }

        private static string Number(double number) { return number.ToString("0.#", CultureInfo.InvariantCulture); }
    }
}
