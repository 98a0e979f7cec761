// Finds generated code and calls it by name. Only the Editor does that: games call it directly.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Reflection;
using Ambit;

namespace AmbitEditor {
    /// <summary>One reducer as a form: its parameters as texts.</summary>
    public sealed class ReducerForm {
        private readonly MethodInfo method;
        private readonly ParameterInfo[] parameters;

        internal ReducerForm(MethodInfo method) {
            this.method = method;
            parameters = method.GetParameters();
            Texts = new string[parameters.Length];
            for (int i = 0; i < Texts.Length; i++) Texts[i] = "";
        }

        public string Name { get { return method.Name; } }

        /// <summary>What is to be passed, in the order of the parameters.</summary>
        public string[] Texts { get; private set; }

        /// <summary>A parameter's name and type.</summary>
        public string Label(int parameter) { return parameters[parameter].Name + " (" + parameters[parameter].ParameterType.Name + ")"; }

        /// <summary>Calls it; answers the number of the request. Throws AmbitException for a text that is no value of its type.</summary>
        public uint Call(object reducers) {
            object[] values = new object[parameters.Length];
            for (int i = 0; i < values.Length; i++) values[i] = Value(parameters[i].ParameterType, Texts[i], Label(i));
            try {
                return (uint)method.Invoke(reducers, values);
            } catch (TargetInvocationException problem) {
                throw new AmbitException(problem.InnerException.Message);
            }
        }

        private static object Value(Type type, string text, string label) {
            try {
                if (type == typeof(string)) return text;
                if (type.IsEnum) return Enum.Parse(type, text, true);
                if (type.IsPrimitive) return Convert.ChangeType(text, type, CultureInfo.InvariantCulture);
                string[] parts = text.Split(',');
                Func<int, double> number = i => double.Parse(parts[i], CultureInfo.InvariantCulture);
                if (type == typeof(Vec2) && parts.Length == 2) return new Vec2((float)number(0), (float)number(1));
                if (type == typeof(Vec3) && parts.Length == 3) return new Vec3((float)number(0), (float)number(1), (float)number(2));
                if (type == typeof(DVec2) && parts.Length == 2) return new DVec2(number(0), number(1));
                if (type == typeof(DVec3) && parts.Length == 3) return new DVec3(number(0), number(1), number(2));
                if (type == typeof(EntityId)) return new EntityId(ulong.Parse(text, CultureInfo.InvariantCulture));
            } catch (FormatException) {
                throw new AmbitException("\"" + text + "\" is no value for " + label);
            } catch (OverflowException) {
                throw new AmbitException("\"" + text + "\" is too large for " + label);
            } catch (ArgumentException) {
                throw new AmbitException("\"" + text + "\" is none of the values of " + label);
            }
            throw new AmbitException("the window has no field for " + label + ": use `ambit call`, which takes JSON; coordinates are written 1, 2");
        }
    }

    public static class GeneratedCode {
        /// <summary>The constructor of the generated view of a client, in this namespace; null if there is none.</summary>
        public static ConstructorInfo FindDatabase(string inNamespace) {
            foreach (Assembly assembly in AppDomain.CurrentDomain.GetAssemblies()) {
                Type found = assembly.GetType(inNamespace + ".Database");
                ConstructorInfo make = found == null ? null : found.GetConstructor(new[] { typeof(Client) });
                if (make != null) return make;
            }
            return null;
        }

        /// <summary>The reducers of a generated view, and a form for each.</summary>
        public static object Reducers(object database, List<ReducerForm> forms) {
            forms.Clear();
            FieldInfo field = database == null ? null : database.GetType().GetField("Reducers");
            if (field == null) return null;
            foreach (MethodInfo method in field.FieldType.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)) {
                if (method.ReturnType == typeof(uint)) forms.Add(new ReducerForm(method));
            }
            return field.GetValue(database);
        }

        /// <summary>A row's columns and values in one line.</summary>
        public static string Describe(object row) {
            List<string> parts = new List<string>();
            foreach (MemberInfo member in row.GetType().GetMembers(BindingFlags.Instance | BindingFlags.Public)) {
                FieldInfo field = member as FieldInfo;
                PropertyInfo property = member as PropertyInfo;
                if (field != null) parts.Add(member.Name + " " + Shown(field.GetValue(row)));
                if (property != null && property.CanRead) parts.Add(member.Name + " " + Shown(property.GetValue(row, null)));
            }
            return string.Join("  ", parts.ToArray());
        }

        private static string Shown(object value) {
            if (value == null) return "-";
            Array list = value as Array;
            if (list != null) return "[" + list.Length + "]";
            if (value is Vec2) return Numbers(((Vec2)value).X, ((Vec2)value).Y);
            if (value is Vec3) return Numbers(((Vec3)value).X, ((Vec3)value).Y, ((Vec3)value).Z);
            if (value is DVec3) return Numbers(((DVec3)value).X, ((DVec3)value).Y, ((DVec3)value).Z);
            if (value is Identity) return value.ToString().Substring(0, 8);
            if (value is Timestamp) return ((Timestamp)value).ToDateTime().ToString("u", CultureInfo.InvariantCulture);
            return Convert.ToString(value, CultureInfo.InvariantCulture);
        }

        private static string Numbers(params double[] numbers) {
            return "(" + string.Join(", ", Array.ConvertAll(numbers, number => number.ToString("0.##", CultureInfo.InvariantCulture))) + ")";
        }
    }
}
