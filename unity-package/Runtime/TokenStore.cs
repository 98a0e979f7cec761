// Where a player's token is kept, so that the player is the same one in the next game. Encryption is left to stores of the game's own.

using UnityEngine;

namespace Ambit {
    /// <summary>Keeps tokens by key. Games with secrets to keep set one of their own as AmbitWorld.Tokens.</summary>
    public interface ITokenStore {
        /// <summary>The token, or null or empty if there is none.</summary>
        string Load(string key);

        void Save(string key, string token);

        void Forget(string key);
    }

    /// <summary>Tokens in the player preferences of the project, as plain text.</summary>
    public sealed class PlayerPrefsTokens : ITokenStore {
        public string Load(string key) { return PlayerPrefs.GetString(key, ""); }

        public void Save(string key, string token) {
            if (Load(key) == token) return;
            PlayerPrefs.SetString(key, token);
            PlayerPrefs.Save();
        }

        public void Forget(string key) {
            PlayerPrefs.DeleteKey(key);
            PlayerPrefs.Save();
        }
    }
}
