"""Names and towns of many languages, each in the encoding that its lists come in."""

import random
from collections.abc import Sequence

#: By language: the encoding, and the words.
NAMES: dict[str, tuple[str, str]] = {
    "german": (
        "cp1252",
        "Müller Jürgen Schröder Günther Weiß Köhler Bärbel Jäger Großmann Björn Käthe Zürich Köln",
    ),
    "french": (
        "cp1252",
        "Hélène François Jérôme Noël Zoë Léa Chloé Benoît Aurélie Gaëlle Loïc Agnès Genève Côté",
    ),
    "spanish": (
        "cp1252",
        "José María Peña Núñez Muñoz Íñigo Raúl Ángel Martínez García Málaga Cádiz Begoña Sofía",
    ),
    "portuguese": (
        "cp1252",
        "João Conceição Gonçalves Inês Araújo Simões Magalhães Luís Antônio Évora São Ação",
    ),
    "nordic": (
        "cp1252",
        "Åsa Björk Sjöberg Håkan Göran Lindström Åkesson Malmö Västerås Sørensen Jørgen Ærø Bodø",
    ),
    "italian": ("cp1252", "Niccolò Forlì Cantù Nicolò Città Trinità Mondovì Perù Così Più Però Libertà"),
    "old western": ("iso8859-15", "Müller Hélène François José Zoë Peña Björn Noël Muñoz Chloé"),
    "polish": (
        "cp1250",
        "Łukasz Małgorzata Żółć Wałęsa Gdańsk Łódź Paweł Michał Święcicki Dąbrowski Kraków Jędrzej",
    ),
    "czech": (
        "cp1250",
        "Dvořák Novák Jiří Tomáš Lukáš Čapek Žižka Řezník Plzeň Růžena Ondřej Šárka Zdeněk Třebíč",
    ),
    "hungarian": ("cp1250", "Győző László Gergő Kovács Szőke Tóth Erdős Zsófia Szűcs Ödön Füzesi Árpád Éva"),
    "romanian": ("cp1250", "Ştefan Ioniţă Brăila Iaşi Timişoara Constanţa Mihăilescu Râmnicu Câmpina"),
    "turkish": (
        "cp1254",
        "Ayşe Çağlar Gökhan İbrahim Şahin Yıldız Öztürk Güneş Işık Doğan İstanbul Eskişehir",
    ),
    "baltic": (
        "cp1257",
        "Šarūnas Žydrūnas Jūratė Kęstutis Eglė Ąžuolas Rūta Šiauliai Bērziņš Jānis Līga Kārlis",
    ),
    "russian": ("cp1251", "Иван Ольга Сергей Наталья Дмитрий Екатерина Москва Смирнов Кузнецова Волков"),
    "russian of unix": ("koi8_r", "Иван Ольга Сергей Наталья Дмитрий Екатерина Москва"),
    "greek": ("cp1253", "Γιώργος Μαρία Ελένη Νίκος Παπαδόπουλος Αθήνα Θεσσαλονίκη Δημήτρης"),
    "hebrew": ("cp1255", "משה כהן דוד לוי אביב ירושלים"),
    "japanese": ("cp932", "田中 佐藤 鈴木 高橋 太郎 花子 山田 ジョン さくら 渡辺 東京 大阪 株式会社"),
    "japanese, kanji only": ("cp932", "田中 佐藤 鈴木 高橋 太郎 花子 山田 渡辺 東京 大阪 伊藤 中村"),
    "chinese": ("gbk", "王伟 李娜 张敏 刘洋 陈静 杨磊 北京 上海 广州 赵强"),
    "taiwanese": ("big5", "王偉 李娜 張敏 劉洋 陳靜 楊磊 台北 高雄 趙強"),
    "korean": ("cp949", "김철수 이영희 박지성 서울 부산 최민수 정수진"),
    "old Mac": ("mac_roman", "Müller Hélène François José Zoë Peña Björn Noël Muñoz Chloé"),
    "DOS": ("cp850", "Müller Hélène François José Zoë Peña Björn Noël Muñoz Chloé"),
}
PLAIN = ("Anna", "Peter", "Maria", "John", "Linda", "Bob", "Carol", "David", "Susan")


def made(words: Sequence[str], encoding: str, rows: int, seed: int, share: float = 0.4) -> tuple[str, bytes]:
    """Return a list of people as text and as bytes, some of its cells of these words, the others plain."""
    chance = random.Random(seed)
    lines = ["email,first_name,city,street"]
    for at in range(rows):
        cells = [chance.choice(words if chance.random() < share else PLAIN) for _ in range(2)]
        lines.append(f"user{at}@x.example,{cells[0]},{cells[1]},12 Main St {at}")
    text = "".join(f"{line}\r\n" for line in lines)
    return text, text.encode(encoding)
