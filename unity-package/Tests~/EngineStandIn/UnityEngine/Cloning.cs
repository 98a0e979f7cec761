// What Instantiate copies: the hierarchy, and of each component the fields that the engine serializes.

using System;
using System.Collections;
using System.Collections.Generic;
using System.Reflection;

namespace UnityEngine.StandIn {
    public static class Cloning {
        internal static T Clone<T>(T original, Transform parent) where T : Object {
            if (original == null) throw new ArgumentException("The Object you want to instantiate is null.");
            Component component = original as Component;
            GameObject source = ReferenceEquals(component, null) ? original as GameObject : component.gameObject;
            Dictionary<Object, Object> copies = new Dictionary<Object, Object>();
            GameObject copy = Shape(source, parent, copies);
            copy.name = source.name + "(Clone)";
            foreach (KeyValuePair<Object, Object> pair in copies) CopyFields(pair.Key, pair.Value, copies);
            PlayerLoop.ActivityChanged(copy);
            return (T)copies[original];
        }

        private static GameObject Shape(GameObject source, Transform parent, Dictionary<Object, Object> copies) {
            GameObject copy = new GameObject(source.name, false);
            copies.Add(source, copy);
            if (parent != null) copy.transform.SetParent(parent, false);
            copy.transform.SetLocalPositionAndRotation(source.transform.localPosition, source.transform.localRotation);
            copy.transform.localScale = source.transform.localScale;
            if (!source.activeSelf) copy.SetActive(false);
            foreach (Component each in source.Components) copies.Add(each, each is Transform ? copy.transform : copy.Attach(each.GetType()));
            for (int i = 0; i < source.transform.childCount; i++) Shape(source.transform.GetChild(i).gameObject, copy.transform, copies);
            return copy;
        }

        private static void CopyFields(Object from, Object to, Dictionary<Object, Object> copies) {
            Behaviour behaviour = from as Behaviour;
            if (!ReferenceEquals(behaviour, null)) ((Behaviour)to).enabled = behaviour.enabled;
            if (!(from is MonoBehaviour)) return;
            foreach (FieldInfo field in SerializedFields(from.GetType())) field.SetValue(to, Copy(field.GetValue(from), copies));
        }

        /// <summary>The fields of a type that the engine serializes.</summary>
        public static IEnumerable<FieldInfo> SerializedFields(Type type) {
            const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
            for (; type != null && type != typeof(MonoBehaviour) && type != typeof(ScriptableObject) && type != typeof(object); type = type.BaseType) {
                foreach (FieldInfo field in type.GetFields(Own)) {
                    bool wanted = field.IsPublic ? !field.IsNotSerialized : field.IsDefined(typeof(SerializeField), false);
                    if (wanted && !field.IsInitOnly && IsSerializable(field.FieldType)) yield return field;
                }
            }
        }

        private static bool IsSerializable(Type type) {
            if (type.IsPrimitive || type.IsEnum || type == typeof(string) || typeof(Object).IsAssignableFrom(type)) return true;
            if (type.IsArray) return IsSerializable(type.GetElementType());
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>)) return IsSerializable(type.GetGenericArguments()[0]);
            return type.IsSerializable && !typeof(Delegate).IsAssignableFrom(type) && !typeof(IDictionary).IsAssignableFrom(type);
        }

        private static object Copy(object value, Dictionary<Object, Object> copies) {
            if (value == null || value is string || value.GetType().IsValueType) return value;
            Object reference = value as Object;
            if (!ReferenceEquals(reference, null)) {
                Object copy;
                return copies.TryGetValue(reference, out copy) ? copy : reference;
            }
            Array array = value as Array;
            if (array != null) {
                Array made = Array.CreateInstance(array.GetType().GetElementType(), array.Length);
                for (int i = 0; i < array.Length; i++) made.SetValue(Copy(array.GetValue(i), copies), i);
                return made;
            }
            object whole = Activator.CreateInstance(value.GetType(), true);
            IList list = value as IList;
            if (list != null) foreach (object each in list) ((IList)whole).Add(Copy(each, copies));
            else foreach (FieldInfo field in SerializedFields(value.GetType())) field.SetValue(whole, Copy(field.GetValue(value), copies));
            return whole;
        }
    }
}
