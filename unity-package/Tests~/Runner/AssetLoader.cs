// Makes the objects of a scene, a prefab or an asset: every reference must have a target, every field of a script must exist.

using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Reflection;
using UnityEngine;
using UnityEngine.StandIn;
using Object = UnityEngine.Object;

namespace StandInTests {
    public sealed class AssetLoader {
        /// <summary>The engine's own assets: meshes, and materials and fonts.</summary>
        private static readonly string[] builtIn = { "0000000000000000e000000000000000", "0000000000000000f000000000000000" };
        private static readonly Dictionary<int, Type> types = new Dictionary<int, Type> {
            { 20, typeof(Camera) }, { 23, typeof(MeshRenderer) }, { 33, typeof(MeshFilter) }, { 81, typeof(AudioListener) }, { 102, typeof(TextMesh) }, { 108, typeof(Light) }
        };
        /// <summary>Settings of a scene, which make no objects.</summary>
        private static readonly HashSet<int> settings = new HashSet<int> { 29, 104, 157, 196, 1660057539 };
        private readonly Dictionary<string, string> paths = new Dictionary<string, string>();
        private readonly Dictionary<string, Dictionary<long, Object>> loaded = new Dictionary<string, Dictionary<long, Object>>();

        /// <summary>How many references were followed.</summary>
        public int References { get; private set; }

        /// <summary>Knows every asset of the package by the guid in its .meta file.</summary>
        public AssetLoader(string package) {
            foreach (string meta in Directory.GetFiles(package, "*.meta", SearchOption.AllDirectories)) {
                foreach (string line in File.ReadAllLines(meta)) {
                    if (line.StartsWith("guid: ", StringComparison.Ordinal)) paths.Add(line.Substring(6), meta.Substring(0, meta.Length - 5));
                }
            }
        }

        /// <summary>Loads a scene: its objects are there and have been told so.</summary>
        public void LoadScene(string path) {
            // All are there before any is woken, as the engine does it.
            GameObject scene = new GameObject("Scene");
            scene.SetActive(false);
            foreach (Object each in Load(path, false).Values) {
                GameObject made = each as GameObject;
                if (ReferenceEquals(made, null)) continue;
                if (made.transform.parent == null) made.transform.SetParent(scene.transform, true);
                made.SetActive(true);
            }
            scene.SetActive(true);
        }

        /// <summary>The objects of an asset by their identifiers.</summary>
        public Dictionary<long, Object> Load(string path, bool isAsset = true) {
            Dictionary<long, Object> made;
            if (loaded.TryGetValue(path, out made)) return made;
            made = new Dictionary<long, Object>();
            loaded.Add(path, made);
            List<AssetDocument> documents = AssetText.Read(path);
            foreach (AssetDocument each in documents) if (each.ClassId == 1) made.Add(each.FileId, Begin(each, isAsset));
            foreach (AssetDocument each in documents) if (each.ClassId != 1 && !settings.Contains(each.ClassId)) made.Add(each.FileId, Attach(path, each, made));
            foreach (AssetDocument each in documents) if (!settings.Contains(each.ClassId)) Fill(path, each, made);
            return made;
        }

        private static GameObject Begin(AssetDocument document, bool isAsset) {
            GameObject made = new GameObject((string)document.Fields["m_Name"], isAsset);
            if (!isAsset) made.SetActive(false);
            return made;
        }

        private Object Attach(string path, AssetDocument document, Dictionary<long, Object> made) {
            Type type;
            if (document.ClassId == 114) type = Script(path, document);
            else if (document.ClassId == 4) type = typeof(Transform);
            else if (!types.TryGetValue(document.ClassId, out type)) throw new FormatException(path + ": class " + document.ClassId + " is not known");
            long owner = FileId(document.Fields["m_GameObject"]);
            if (owner == 0) return (Object)Activator.CreateInstance(type);
            GameObject of = (GameObject)made[owner];
            return type == typeof(Transform) ? of.transform : of.Attach(type);
        }

        /// <summary>The type that a script's file is named after.</summary>
        private Type Script(string path, AssetDocument document) {
            string guid = (string)((Dictionary<string, object>)document.Fields["m_Script"])["guid"], file;
            if (!paths.TryGetValue(guid, out file)) throw new FormatException(path + ": no script has the guid " + guid);
            References++;
            string name = Path.GetFileNameWithoutExtension(file);
            foreach (Assembly assembly in AppDomain.CurrentDomain.GetAssemblies()) {
                if (assembly.GetName().Name == "nunit.framework") continue;
                foreach (Type type in assembly.GetTypes()) {
                    bool isScript = typeof(MonoBehaviour).IsAssignableFrom(type) || typeof(ScriptableObject).IsAssignableFrom(type);
                    if (type.Name == name && isScript && assembly != typeof(Ambit.Tests.WorldTests).Assembly) return type;
                }
            }
            throw new FormatException(path + ": " + file + " holds no script of its name");
        }

        private void Fill(string path, AssetDocument document, Dictionary<long, Object> made) {
            Object target = made[document.FileId];
            Transform transform = target as Transform;
            if (!ReferenceEquals(transform, null)) Place(transform, document, made);
            if (document.ClassId != 114) {
                foreach (object value in document.Fields.Values) Follow(path, value, made);
                return;
            }
            Behaviour behaviour = target as Behaviour;
            if (!ReferenceEquals(behaviour, null) && (string)document.Fields["m_Enabled"] == "0") behaviour.enabled = false;
            foreach (KeyValuePair<string, object> field in document.Fields) {
                if (field.Key.StartsWith("m_", StringComparison.Ordinal)) continue;
                FieldInfo into = Field(target.GetType(), field.Key);
                if (into == null) throw new FormatException(path + ": " + target.GetType().Name + " has no field " + field.Key);
                into.SetValue(target, Value(path, into.FieldType, field.Value, made));
            }
        }

        private static FieldInfo Field(Type type, string name) {
            foreach (FieldInfo field in Cloning.SerializedFields(type)) if (field.Name == name) return field;
            return null;
        }

        private void Place(Transform transform, AssetDocument document, Dictionary<long, Object> made) {
            long above = FileId(document.Fields["m_Father"]);
            if (above != 0) transform.SetParent((Transform)made[above], false);
            transform.localPosition = (Vector3)Value("", typeof(Vector3), document.Fields["m_LocalPosition"], made);
            transform.localScale = (Vector3)Value("", typeof(Vector3), document.Fields["m_LocalScale"], made);
            transform.localRotation = (Quaternion)Value("", typeof(Quaternion), document.Fields["m_LocalRotation"], made);
        }

        private object Value(string path, Type type, object from, Dictionary<long, Object> made) {
            if (typeof(Object).IsAssignableFrom(type)) return Follow(path, from, made);
            if (type == typeof(string)) return from;
            if (type == typeof(bool)) return (string)from != "0";
            if (type.IsEnum) return Enum.ToObject(type, int.Parse((string)from, CultureInfo.InvariantCulture));
            if (type.IsPrimitive) return Convert.ChangeType(from, type, CultureInfo.InvariantCulture);
            List<object> items = from as List<object>;
            if (items != null) {
                Type of = type.IsArray ? type.GetElementType() : type.GetGenericArguments()[0];
                ArrayList values = new ArrayList();
                foreach (object item in items) values.Add(Value(path, of, item, made));
                if (type.IsArray) return values.ToArray(of);
                IList list = (IList)Activator.CreateInstance(type);
                foreach (object value in values) list.Add(value);
                return list;
            }
            object whole = Activator.CreateInstance(type, true);
            foreach (KeyValuePair<string, object> part in (Dictionary<string, object>)from) {
                // What the Editor lets designers connect is empty in the samples.
                if (part.Key.StartsWith("m_", StringComparison.Ordinal)) continue;
                FieldInfo field = type.IsValueType ? type.GetField(part.Key) : Field(type, part.Key);
                if (field == null) throw new FormatException(path + ": " + type.Name + " has no field " + part.Key);
                field.SetValue(whole, Value(path, field.FieldType, part.Value, made));
            }
            return whole;
        }

        /// <summary>The target of a reference; null if it is none, or of the engine's own.</summary>
        private Object Follow(string path, object value, Dictionary<long, Object> made) {
            foreach (object item in value as List<object> ?? new List<object>()) Follow(path, item, made);
            Dictionary<string, object> reference = value as Dictionary<string, object>;
            if (reference == null || !reference.ContainsKey("fileID")) return null;
            long id = FileId(reference);
            object guid;
            if (id == 0) return null;
            References++;
            Dictionary<long, Object> within = made;
            if (reference.TryGetValue("guid", out guid)) {
                if (Array.IndexOf(builtIn, guid) >= 0) return null;
                string file;
                if (!paths.TryGetValue((string)guid, out file)) throw new FormatException(path + ": no asset has the guid " + guid);
                within = Load(file);
            }
            Object target;
            if (!within.TryGetValue(id, out target)) throw new FormatException(path + ": there is no object " + id);
            return target;
        }

        private static long FileId(object reference) { return long.Parse((string)((Dictionary<string, object>)reference)["fileID"], CultureInfo.InvariantCulture); }
    }
}
