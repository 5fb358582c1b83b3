// @ts-check
/** Texts of the app's configurations and recommended settings. */

/** @satisfies {Record<string, import("./languages.js").Text>} */
export const CONFIGURATION = {
  "configuration.paste": {
    en: "Paste configuration from Draw Things",
    zh: "粘贴来自 Draw Things 的配置",
    ja: "Draw Things の構成を貼り付け",
    de: "Konfiguration aus Draw Things einsetzen",
  },
  "configuration.picture": {
    en: "Take settings from a picture of Draw Things …",
    zh: "从 Draw Things 图片采用设置 …",
    ja: "Draw Things の画像から設定を取り込む …",
    de: "Einstellungen aus einem Bild von Draw Things …",
  },
  "configuration.picture.none": {
    en: "{file} is no PNG file.",
    zh: "{file} 不是 PNG 文件。",
    ja: "{file} は PNG ファイルではありません。",
    de: "{file} ist keine PNG-Datei.",
  },
  "configuration.picture.none.remedy": {
    en: "Give a PNG as Draw Things saves it, before another program has changed it.",
    zh: "请使用 Draw Things 保存的、未经其他程序修改的 PNG。",
    ja: "Draw Things が保存したままの、他のプログラムで変更していない PNG を選んでください。",
    de: "Ein PNG wählen, wie Draw Things es speichert, unverändert von anderen Programmen.",
  },
  "configuration.copy": {
    en: "Copy configuration for Draw Things",
    zh: "复制用于 Draw Things 的配置",
    ja: "Draw Things 用に構成をコピー",
    de: "Konfiguration für Draw Things kopieren",
  },
  "configuration.recommended": {
    en: "Recommended settings for this model",
    zh: "此模型的推荐设置",
    ja: "このモデルの推奨設定",
    de: "Empfohlene Einstellungen für dieses Modell",
  },
  "configuration.here": {
    en: "Copy the configuration in Draw Things (Copy Configuration) and paste it here.",
    zh: "请在 Draw Things 中复制配置（Copy Configuration），然后粘贴到这里。",
    ja: "Draw Things で構成をコピーし（Copy Configuration）、ここに貼り付けてください。",
    de: "Die Konfiguration in Draw Things kopieren (Copy Configuration) und hier einsetzen.",
  },
  "configuration.take": { en: "Take over", zh: "采用", ja: "取り込む", de: "Übernehmen" },
  "configuration.there": {
    en: "The browser keeps this page from the clipboard. Copy the text here and paste it in Draw Things (Paste Configuration).",
    zh: "浏览器不允许此页面访问剪贴板。请复制此处的文本，并在 Draw Things 中粘贴（Paste Configuration）。",
    ja: "ブラウザーがこのページのクリップボード利用を許していません。ここの文字列をコピーし、Draw Things で貼り付けてください（Paste Configuration）。",
    de: "Der Browser lässt diese Seite nicht an die Zwischenablage. Den Text hier kopieren und in Draw Things einsetzen (Paste Configuration).",
  },
  "configuration.copied": {
    en: "Copied for Draw Things",
    zh: "已复制，可用于 Draw Things",
    ja: "Draw Things 用にコピーしました",
    de: "Für Draw Things kopiert",
  },
  "configuration.copied.next": {
    en: "Paste it there with Paste Configuration.",
    zh: "请在那里用 Paste Configuration 粘贴。",
    ja: "Draw Things の Paste Configuration で貼り付けます。",
    de: "Dort mit Paste Configuration einsetzen.",
  },
  "configuration.unknown": {
    en: "Known only when the graph runs, and written as shown: {names}.",
    zh: "仅在运行时才能确定，按当前显示写入：{names}。",
    ja: "実行時にしか決まらないため、表示どおりに書きました：{names}。",
    de: "Erst beim Lauf bekannt und geschrieben wie angezeigt: {names}.",
  },
  "configuration.unselected": {
    en: "No node for a configuration is selected.",
    zh: "没有选中与配置有关的节点。",
    ja: "構成に関わるノードが選ばれていません。",
    de: "Es ist kein Node für eine Konfiguration ausgewählt.",
  },
  "configuration.select": {
    en: "Select a Generate, Load Model or Import Configuration node.",
    zh: "请选中“生成”、“加载模型”或“导入配置”节点。",
    ja: "「生成」「モデル読み込み」「構成のインポート」のいずれかのノードを選んでください。",
    de: "Einen Node „Generieren“, „Modell laden“ oder „Konfiguration importieren“ auswählen.",
  },
  "configuration.nothing": {
    en: "No Generate node belongs to this one.",
    zh: "没有与此节点相连的“生成”节点。",
    ja: "このノードにつながる「生成」がありません。",
    de: "Zu diesem Node gehört kein „Generieren“.",
  },
  "configuration.wire": {
    en: "Wire it to one: the configuration is made of Generate's widgets.",
    zh: "请将其与“生成”相连：配置由“生成”的控件组成。",
    ja: "「生成」につないでください。構成は「生成」のウィジェットから作られます。",
    de: "Mit einem verbinden: Die Konfiguration entsteht aus dessen Feldern.",
  },
  "configuration.taken": {
    en: "Configuration taken over",
    zh: "已采用配置",
    ja: "構成を取り込みました",
    de: "Konfiguration übernommen",
  },
  "configuration.taken.partly": {
    en: "Configuration taken over in part",
    zh: "已部分采用配置",
    ja: "構成の一部を取り込みました",
    de: "Konfiguration zum Teil übernommen",
  },
  "configuration.set": {
    en: "Set: {names}.",
    zh: "已设置：{names}。",
    ja: "取り込んだもの：{names}。",
    de: "Gesetzt: {names}.",
  },
  "configuration.left": {
    en: "Left out: {names}.",
    zh: "未采用：{names}。",
    ja: "取り込まなかったもの：{names}。",
    de: "Ausgelassen: {names}.",
  },
  "configuration.linked": {
    en: "{name} (linked)",
    zh: "{name}（已连线）",
    ja: "{name}（接続あり）",
    de: "{name} (verbunden)",
  },
  "configuration.unwired": {
    en: "{name} (no node for it is wired)",
    zh: "{name}（没有连接对应的节点）",
    ja: "{name}（対応するノードが未接続）",
    de: "{name} (kein Node dafür angeschlossen)",
  },
  "configuration.rest.title": {
    en: "More settings in this configuration",
    zh: "此配置中还有其他设置",
    ja: "この構成にはほかの項目もあります",
    de: "Weitere Einstellungen in dieser Konfiguration",
  },
  "configuration.rest": {
    en: "Generate has no widgets for {names}. An Import Configuration node before its input “settings” can hold them.",
    zh: "“生成”没有用于 {names} 的控件。可在其“设置”输入前放置“导入配置”节点来保存它们。",
    ja: "「生成」には {names} のウィジェットがありません。入力「設定」の前に「構成のインポート」ノードを置けば保持できます。",
    de: "„Generieren“ hat für {names} keine Felder. Ein Node „Konfiguration importieren“ vor dem Eingang „Einstellungen“ kann sie aufnehmen.",
  },
  "configuration.rest.add": {
    en: "Add the node",
    zh: "添加节点",
    ja: "ノードを追加",
    de: "Node einsetzen",
  },
  "configuration.rest.leave": {
    en: "Leave them out",
    zh: "不采用",
    ja: "取り込まない",
    de: "Weglassen",
  },
  "recommended.none": {
    en: "No recommendation",
    zh: "没有推荐设置",
    ja: "推奨設定がありません",
    de: "Keine Empfehlung",
  },
  "recommended.none.remedy": {
    en: "The model's kind is not known: choose a model at Load Model, or set its version there.",
    zh: "模型的类型未知：请在“加载模型”中选择模型，或在那里设置其版本。",
    ja: "モデルの種類が不明です。「モデル読み込み」でモデルを選ぶか、バージョンを指定してください。",
    de: "Die Art des Modells ist nicht bekannt: bei „Modell laden“ ein Modell wählen oder dort seine Version angeben.",
  },
};
